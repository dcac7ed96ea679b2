"""Numbers that the text states from measurements stand in docs/results.md, which scripts write."""

from tools import notebooks
from tools.derive import CNN_MEAN, ERRORS, SMOOTHED, write_measured
from tools.tables import measured


def text_of(number):
    path = notebooks.all_notebooks()[number]
    return "\n".join(cell.source for cell in notebooks.read(path).cells)


def test_errors_of_five_seeds_are_written_into_the_row_of_their_network():
    text = "| **784–512–10, here** | **9.99 %** (1.00 to 2.00) | five seeds |"
    (each,) = (row[3] for row in measured("mnist_seeds") if row[0] == "784–512–10")
    errors = sorted(100 - float(accuracy) for accuracy in each.split(", "))
    expected = f"**{sum(errors) / 5:.2f} %** ({errors[0]:.2f} to {errors[-1]:.2f})"
    assert write_measured(text) == f"| **784–512–10, here** | {expected} | five seeds |"


def test_no_other_row_and_no_other_sentence_changes():
    text = "| linear, 784–10 | 12.00 % (1.00 to 2.00) |\nOf five seeds 3.00 % failed."
    assert write_measured(text) == text


def test_the_notebooks_state_what_is_measured():
    assert [match[2] for match in ERRORS.finditer(text_of(9))] == ["784–512–10", "784–512–512–10"]
    assert [match[2] for match in ERRORS.finditer(text_of(10))] == [
        "784–512–512–10",
        "convolutional",
    ]
    assert len(SMOOTHED.findall(text_of(9))) == len(CNN_MEAN.findall(text_of(10))) == 1
