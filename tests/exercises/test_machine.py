import json

import numpy as np
import pytest

from nnutils.datasets import load_digits
from nnutils.datasets.files import bundled
from nnutils.exercises import card, course, machine
from nnutils.learner import drawings, progress
from tools.tables import measured, rows

STAGES = list(machine.STAGES)


def cells(shown):
    """Return the rows of the card's table, as a page shows them."""
    return rows(shown._repr_markdown_())


@pytest.fixture
def mine():
    for image, digit in zip(load_digits().X_test, (3, 8, 3)):
        drawings.keep(image, digit)
    return drawings.load()


def test_the_card_grows_from_notebook_to_notebook():
    assert [slug for slug in course.SLUGS if slug in STAGES] == STAGES
    for number, stage in enumerate(STAGES, start=1):
        table = cells(card(stage))
        assert len(table) == number
        assert table[-1][0] == f"{course.SLUGS.index(stage):02}"
        assert table[-1][1] == machine.STAGES[stage]
    assert cells(card()) == cells(card("start_here")) == cells(card(STAGES[-1]))


def test_the_numbers_are_those_that_were_measured():
    table = {row[0]: row for row in measured("stages")}
    for number, name, digits, mnist, own in cells(card()):
        of = " of 70", " of 1,984"
        of = of if number == "02" else ("", "")
        _, named, *found = table[number]
        for shown, mean, suffix in ((digits, found[0], of[0]), (mnist, found[3], of[1])):
            assert shown.endswith(f"%{suffix}")
            assert abs(float(shown.split()[0]) - float(mean.split()[0])) <= 0.0501
        assert named == name and own == "–"


@pytest.mark.parametrize(
    ("stage", "table"), [("mnist_mlp", "mnist_seeds"), ("mnist_cnn", "cnn_seeds")]
)
def test_the_stages_in_pytorch_are_those_of_the_five_seeds(stage, table):
    """After `benchmarks.mnist_seeds`, `benchmarks.stages` must run again."""
    seeds = [float(accuracy) for accuracy in measured(table)[0][3].split(",")]
    stored = json.loads(bundled("stages.json").read_text("utf-8"))[stage]["mnist"]
    assert stored == {"accuracies": seeds, "images": 10_000}


def test_what_a_stage_reads_of_ones_own_digits_is_noted_and_stays(mine):
    assert cells(card("perceptron", mine, [3, 8, 8]))[0][-1] == "2 of 3"
    assert cells(card("layers_and_activations"))[0][-1] == "2 of 3"
    both = cells(card("layers_and_activations", mine, np.array([3, 8, 3])))
    assert [row[-1] for row in both] == ["2 of 3", "3 of 3"]
    assert progress.solved() == set() and not progress.progress_file().exists()
    drawings.forget()
    assert [row[-1] for row in cells(card())] == ["–"] * len(STAGES)


def test_digits_that_stand_in_are_nobodys_own():
    stand_ins = drawings.load((3, 8))
    assert cells(card("perceptron", stand_ins, stand_ins.labels))[0][-1] == "–"
    assert not drawings.drawings_file().exists()


def test_the_text_without_a_page_says_the_same(mine):
    shown = card("mnist_mlp", mine, mine.labels)
    head, *lines = repr(shown).splitlines()
    assert "your own" in head
    assert len({len(line) for line in [head, *lines[: len(STAGES) - 1]]}) == 1
    for row, line in zip(cells(shown), lines):
        assert all(cell in line for cell in row)
    assert lines[len(STAGES) - 1 :] == [machine.NOTE]
    assert shown._repr_markdown_().endswith(machine.NOTE)


@pytest.mark.parametrize("stage", ["dice_sum_model", "02", None])
def test_a_notebook_in_which_nothing_is_gained_has_no_card(stage):
    with pytest.raises(ValueError, match="stage must be start_here or one of perceptron"):
        card(stage)


def test_answers_must_be_there_and_belong_to_the_drawings(mine):
    with pytest.raises(ValueError, match="mine and answers must be given together"):
        card("perceptron", mine)
    with pytest.raises(ValueError, match="mine and answers must be given together"):
        card("perceptron", answers=[3, 8, 3])
    with pytest.raises(ValueError, match=r"answers must have shape \(3,\), got \(2,\)"):
        card("perceptron", mine, [3, 8])
    with pytest.raises(ValueError, match="with answers, stage must be one of perceptron"):
        card("start_here", mine, [3, 8, 3])
    assert drawings.readings() == {}
