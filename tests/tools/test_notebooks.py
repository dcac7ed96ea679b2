import base64
import io
import json
import sys

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tools import notebooks
from tools.notebooks import Fold

FOLD = """<details>
<summary>Solution 03.1</summary>

Add them up.

```python
def my_sum(a, b):
    return a + b
```

</details>"""


def exercise(name, stub, solution):
    metadata = {"nnutils": {"exercise": name}}
    fold = notebooks.write_fold(Fold("03.1", "", solution))
    return [
        new_code_cell(stub, metadata={**metadata, "tags": ["exercise"]}),
        new_code_cell(f'check("{name}")', metadata={**metadata, "tags": ["check"]}),
        new_markdown_cell(fold, metadata={**metadata, "tags": ["solution"]}),
    ]


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


# --- Folds ----------------------------------------------------------------------------------------


def test_fold_is_taken_apart():
    fold = notebooks.read_fold(FOLD)
    assert fold == ("03.1", "Add them up.", "def my_sum(a, b):\n    return a + b")


@pytest.mark.parametrize("explanation", ["", "One sentence.", "Two\nlines.\n\nTwo paragraphs."])
def test_fold_is_written_as_it_is_read(explanation):
    fold = Fold("03.1", explanation, "a = 1\n\nb = 2")
    assert notebooks.read_fold(notebooks.write_fold(fold)) == fold


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</summary>\n\n", "</summary>\n"),  # JupyterLab would show the text without Markdown
        ("```\n\n</details>", "```\n</details>"),
        ("```python", "```"),
        ("Solution 03.1", "<b>Solution 03.1</b>"),
        ("Solution 03.1", "Solution"),
        ("</details>", "</details>\nmore"),
        ("Add them up.", "```python\nfirst\n```"),
        ("<details>", "<details open>"),
    ],
)
def test_fold_of_another_form_is_refused(old, new):
    with pytest.raises(ValueError, match="fixed form"):
        notebooks.read_fold(FOLD.replace(old, new))


def test_solution_keeps_the_lines_without_a_gap_in_order():
    stub = "def f(x):\n    a = ...\n    b = x + ...\n    c = 2\n    return a"
    good = "def f(x):\n    a = 1\n    b = x + 1\n    more = 0\n    c = 2\n    return a"
    assert notebooks.missing_lines(stub, good) == []
    assert notebooks.missing_lines(stub, good.replace("c = 2", "c = 3"))[0] == "    c = 2"
    assert notebooks.missing_lines("a = 1\nb = 2\nc = ...", "b = 2\na = 1\nc = 3") == ["b = 2"]
    assert notebooks.missing_lines("a = 1\nb = 3", "a = 1\nb = 2") == []  # to be mended


def test_reference_written_for_an_exercise_bears_the_name_of_the_learners_function():
    sources = notebooks.own_references("dice_sum_model")
    assert sources["one_die_more"].startswith("def my_one_die_more(counts):\n")


def test_notebook_without_exercises_has_no_references():
    assert notebooks.own_references("no_such_notebook") == {}


def test_reference_goes_into_its_fold_and_leaves_the_others():
    one = exercise("a", "def my_a():\n    return ...", "def my_a():\n    return 1")
    two = exercise("b", "def my_b():\n    return ...", "def my_b():\n    return 2")
    notebook = new_notebook(cells=one + two)
    assert notebooks.write_folds(notebook, {"b": "def my_b():\n    return 3"}) == []
    folds = [notebooks.read_fold(cell.source) for cell in notebooks.tagged(notebook, "solution")]
    assert [fold.code[-1] for fold in folds] == ["1", "3"]


def test_reference_that_does_not_keep_its_stub_is_refused():
    cells = exercise("a", "def my_a():\n    return ...", "def my_a():\n    return 1")
    notebook = new_notebook(cells=cells)
    complaints = notebooks.write_folds(notebook, {"a": "def my_a(x):\n    return 2"})
    assert complaints == ["the reference of a lacks a line of its stub: def my_a():"]
    assert "return 1" in cells[2].source


def test_solved_notebook_has_the_solutions_in_place_of_the_stubs_and_no_outputs():
    cells = exercise("a", "def my_a():\n    return ...", "def my_a():\n    return 1")
    cells[1].outputs = [new_output("stream", text="not attempted")]
    notebook = new_notebook(cells=cells)
    notebooks.solve(notebook)
    assert cells[0].source == "def my_a():\n    return 1"
    assert cells[1].outputs == []


# --- What is stored -------------------------------------------------------------------------------


def test_pictures_hardly_differ_up_to_two_steps_of_255():
    rng = np.random.default_rng(0)
    old = rng.integers(50, 200, (20, 30, 3), dtype=np.uint8)
    assert notebooks.hardly_differ(png(old), png(old + np.uint8(1)))
    assert not notebooks.hardly_differ(png(old), png(old + np.uint8(3)))
    assert not notebooks.hardly_differ(png(old), png(old[:, :-1]))


@pytest.mark.parametrize(
    "text",
    [
        "<Figure at 0x7f31c0>",
        "object at 0x00007F31C0A1B2C3",
        "saved in /opt/course/data",
        "see C:\\Users\\ada",
        "/tmp/ipykernel_4711/123.py:1: Warning",
    ],
)
def test_volatile_text_is_found(text):
    cell = new_code_cell(outputs=[new_output("stream", text=f"a line\n{text}\n")])
    assert notebooks.volatile(cell)


@pytest.mark.parametrize(
    "text", ["tau 10 ms", "1/2 of 3/4", "https://a.org/home/page", "rate 0.05", "0xff is 255"]
)
def test_other_text_is_not_volatile(text):
    cell = new_code_cell(outputs=[new_output("stream", text=text)])
    assert notebooks.volatile(cell) == []


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("12.5 s, 3 epochs", "9 s, 4 epochs", True),
        ("loss 1e-05", "loss 0.25", True),
        ("on cpu", "on cuda", False),
        ("1 2 3", "1 2 3 4", False),
    ],
)
def test_texts_that_differ_in_numbers_only(old, new, same):
    outputs = [[new_output("stream", text=text)] for text in (old, new)]
    assert notebooks.same_but_for_numbers(*outputs) == same


# --- Running --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment():
    with notebooks.isolated_environment() as variables:
        yield variables


CELLS = [
    "import os, sys, time\nprint(1)\nprint(2)",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([0, 1]);",
    "import ipywidgets\nipywidgets.IntSlider()",
    "print(time.perf_counter_ns(), 'ns')",
    "sys.prefix == os.environ['EXPECTED'], os.listdir(os.environ['NNUTILS_DATA'])",
    "40 + 2",
]


@pytest.fixture
def stored(tmp_path, environment):
    """Store a notebook as an editor may leave it, with leftovers of another run."""
    cells = [new_code_cell(source, execution_count=7) for source in CELLS]
    cells[0].metadata = {"execution": {"shell.execute_reply": "2026"}, "scrolled": True}
    cells[0].outputs = [new_output("stream", text="old")]
    cells[3].metadata = {"tags": [notebooks.IGNORED]}
    notebook = new_notebook(cells=cells, metadata={"widgets": {"state": {}}})
    path = tmp_path / "42_small.ipynb"
    nbformat.write(notebook, path)
    return path


def test_refreshed_notebook_is_normalised_and_stays_the_same(stored, environment):
    environment = environment | {"EXPECTED": sys.prefix}
    assert notebooks.refresh(stored, environment) == []
    notebook = notebooks.read(stored)
    assert notebook.metadata == notebooks.KERNEL
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4, 5, 6]
    assert notebook.cells[0].metadata == {}
    assert [output.text for output in notebook.cells[0].outputs] == ["1\n2\n"]
    assert list(notebook.cells[2].outputs[0].data) == ["text/plain"]
    assert notebook.cells[4].outputs[0].data["text/plain"] == "(True, [])"
    assert notebook.cells[5].outputs[0].execution_count == 6

    # Another machine draws a pixel a little differently.
    data = notebook.cells[1].outputs[0].data
    picture = notebooks.pixels(data["image/png"]).astype(np.uint8)
    picture[0, 0] -= 1
    data["image/png"] = png(picture)
    nbformat.write(notebook, stored)
    before = stored.read_bytes()
    notebooks.refresh(stored, environment)
    assert stored.read_bytes() == before  # the picture and the time are kept

    notebooks.refresh(stored, environment, renew=True)
    renewed = notebooks.read(stored)
    assert renewed.cells[1].outputs != notebook.cells[1].outputs
    assert renewed.cells[3].outputs != notebook.cells[3].outputs


def test_notebook_with_a_failing_cell_is_left_as_it_was(tmp_path, environment):
    path = tmp_path / "42_broken.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    (complaint,) = notebooks.refresh(path, environment)
    assert "ZeroDivisionError" in complaint
    assert path.read_bytes() == before


def test_kernel_is_isolated_and_an_address_is_reported(tmp_path, environment):
    names = ["NNUTILS_DATA", "NNUTILS_PROGRESS", "IPYTHONDIR", "JUPYTER_CONFIG_DIR"]
    code = (
        "import json, os\n"
        f"print(json.dumps({{name: os.environ[name] for name in {names}}}))\n"
        "print(os.environ['NNUTILS_OFFLINE'], os.environ['NNUTILS_DEVICE'])"
    )
    path = tmp_path / "42_small.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code), new_code_cell("object()")]), path)
    complaints = notebooks.refresh(path, environment)
    folders, switches = notebooks.read(path).cells[0].outputs[0].text.splitlines()
    assert json.loads(folders) == {name: environment[name] for name in names}
    assert len({environment[name] for name in names}) == len(names)
    assert switches == "1 cpu"
    assert any("cell 1 stores an address" in complaint for complaint in complaints)
