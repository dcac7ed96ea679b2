import base64
import json

import numpy as np
import pytest

from nnutils import plotting
from nnutils.datasets import load_digits
from nnutils.learner import drawings, lines, progress
from tools.class_overview import read_class

LAST_360 = load_digits().X_test


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "own"))
    monkeypatch.setattr(lines, "_told", set())


def line(time="2030-01-02T03:04:05+00:00", **entry):
    return json.dumps({"time": time} | entry) + "\n"


def drawn(digit, image=LAST_360[0], **entry):
    return line(digit=digit, image=base64.b64encode(image.tobytes()).decode(), **entry)


def write(text):
    path = drawings.drawings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_what_was_kept_is_loaded_with_the_digit_that_was_meant():
    for image, digit in zip(LAST_360, (3, 8, 3)):
        assert drawings.keep(image, digit)
    mine = drawings.load()
    np.testing.assert_array_equal(mine.images, LAST_360[:3])
    assert mine.images.dtype == np.uint8 and mine.labels.dtype == np.int64
    assert mine.labels.tolist() == [3, 8, 3]
    assert mine.own and mine.whose == "3 digits of your own."
    assert drawings.drawings_file().parent == progress.progress_file().parent


def test_what_was_read_stands_above_each_and_the_right_ones_are_counted(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(plotting, "show_images", lambda *given, **how: shown.append((given, how)))
    for digit in [5] + 20 * [3] + [8]:
        drawings.keep(LAST_360[digit], digit)
    mine = drawings.load()
    mine.show([5] + 20 * [3] + [9])
    (((images, titles, _), how),) = shown
    np.testing.assert_array_equal(images, mine.images[2:])  # the newest twenty
    assert [str(title) for title in titles] == 19 * ["3"] + ["9, is 8"]
    assert how["wrong"].tolist() == 19 * [False] + [True]
    assert capsys.readouterr().out == "21 of 22 right: 22 digits of your own.\n"
    with pytest.raises(ValueError, match=r"answers must have shape \(22,\), got \(2,\)"):
        mine.show([5, 3])


def test_while_there_are_none_the_same_twenty_test_digits_stand_in():
    stand_ins = drawings.load()
    assert not stand_ins.own
    assert sorted(stand_ins.labels) == sorted([*range(10), *range(10)])
    data = load_digits()
    places = [
        next(k for k, other in enumerate(data.X_test) if np.array_equal(image, other))
        for image in stand_ins.images
    ]
    assert data.y_test[places].tolist() == stand_ins.labels.tolist()
    assert len(set(places)) == 20
    np.testing.assert_array_equal(stand_ins.images, drawings.load().images)
    assert stand_ins.whose.startswith("20 of the course's test digits stand in for yours")
    assert not drawings.drawings_file().exists()


def test_some_digits_can_be_asked_for():
    four = drawings.load((3, 8))
    assert sorted(four.labels) == [3, 3, 8, 8] and not four.own
    assert four.whose.startswith("4 of") and "until you keep a 3 or an 8 in" in four.whose
    for digit in (3, 5, 8, 3):
        drawings.keep(LAST_360[digit], digit)
    mine = drawings.load([8, 3])
    assert mine.labels.tolist() == [3, 8, 3] and mine.own
    np.testing.assert_array_equal(mine.images[1], LAST_360[8])
    assert drawings.load((5,)).whose == "1 digit of your own."
    assert not drawings.load((0, 1)).own
    assert drawings.own().labels.tolist() == [3, 5, 8, 3]


@pytest.mark.parametrize("digits", [(3, 10), (-1,), (2.5,), "38", ()])
def test_anything_but_digits_is_refused(digits):
    with pytest.raises(ValueError, match="digit"):
        drawings.load(digits)


@pytest.mark.parametrize(
    "image",
    [LAST_360[0].ravel(), LAST_360[0] / 255, 0 * LAST_360[0], LAST_360[0][1:], None, "a 3"],
)
def test_anything_but_a_drawing_is_refused(image):
    with pytest.raises(ValueError, match=r"image must have shape \(28, 28\) and hold uint8"):
        drawings.keep(image, 3)
    assert not drawings.drawings_file().exists()


@pytest.mark.parametrize("digit", [10, -1, 2.5, "3", None])
def test_the_digit_that_was_meant_is_one_of_ten(digit):
    with pytest.raises(ValueError, match="from 0 to 9"):
        drawings.keep(LAST_360[0], digit)
    assert not drawings.drawings_file().exists()


def test_damaged_lines_are_skipped_and_reported_once(capsys):
    damaged = [
        "not JSON\n",
        "[1, 2]\n",
        line(digit=3),
        line(digit=3, image="AAAA"),
        line(digit=3, image=7),
        line(digit=3, image="ä" * 1048),
        drawn(10),
        drawn("3"),
        drawn(4, time=None),
        line(stage="perceptron", right="9", of=12),
        line(stage=3, right=9, of=12),
    ]
    write("".join(damaged) + drawn(4) + drawn(5)[:500])
    drawings.keep(LAST_360[1], 6)  # after a line that broke off
    assert drawings.load().labels.tolist() == [6, 4]  # by their time
    drawings.load()
    said = capsys.readouterr().out
    assert said == f"drawings.jsonl: {len(damaged) + 1} damaged line(s) skipped.\n"


def test_the_newest_thousand_are_read_in_the_order_of_their_times():
    days = [f"2030-{1 + k // 28:02}-{1 + k % 28:02}" for k in range(280)]
    text = [drawn(k % 10, time=f"{day}T{k % 24:02}:00:00") for day in days for k in range(4)]
    write("".join(text[500:] + text[:500]))
    mine = drawings.load()
    assert mine.labels.tolist() == [0, 1, 2, 3] * 250
    assert "1000 digits" in mine.whose


def test_a_folder_that_cannot_be_written_gives_one_calm_line(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NNUTILS_PROGRESS", str(tmp_path / "file" / "folder"))
    assert not drawings.keep(LAST_360[0], 3)
    assert not drawings.keep(LAST_360[0], 3)
    drawings.record_reading("perceptron", 1, 2)
    said = capsys.readouterr().out
    assert said.startswith("Your drawings are not saved (") and said.count("\n") == 1
    assert not drawings.load().own and drawings.readings() == {}


def test_what_cannot_be_read_or_deleted_raises_nothing(capsys):
    path = drawings.drawings_file()
    path.mkdir(parents=True)  # a folder in its place
    assert not drawings.load().own
    assert not drawings.forget()
    said = capsys.readouterr().out
    assert "drawings.jsonl cannot be read (" in said
    assert "drawings.jsonl cannot be deleted (" in said


def test_forgetting_deletes_the_file_and_what_was_read_of_it():
    assert drawings.forget()  # nothing there
    drawings.keep(LAST_360[0], 3)
    drawings.record_reading("perceptron", 1, 1)
    progress.record("neuron", "solved")
    assert drawings.forget()
    assert not drawings.drawings_file().exists()
    assert not drawings.load().own and drawings.readings() == {}
    assert progress.solved() == {"neuron"}


def test_the_newest_result_of_a_stage_counts_and_an_old_one_adds_no_line():
    write(line(stage="mnist_mlp", right=1, of=9, time="2020"))
    drawings.record_reading("perceptron", np.int64(9), 12)
    drawings.record_reading("perceptron", 9, 12)
    drawings.record_reading("mnist_mlp", 8, 9)
    assert drawings.readings() == {"perceptron": (9, 12), "mnist_mlp": (8, 9)}
    assert len(drawings.drawings_file().read_text().splitlines()) == 3
    assert len(drawings.own().labels) == 0 and not drawings.load().own


def test_bringing_back_adds_what_is_missing():
    drawings.keep(LAST_360[0], 3)
    here = drawings.drawings_file().read_text()
    text = here + drawn(7) + "damaged\n" + line(stage="perceptron", right=9, of=12)
    assert drawings.bring_back(text) == 1
    assert drawings.bring_back(text) == 0
    assert sorted(drawings.load().labels) == [3, 7]
    assert drawings.readings() == {"perceptron": (9, 12)}
    assert drawings.drawings_file().read_text().startswith(here)


def test_the_class_overview_takes_no_drawings_for_answers(tmp_path, capsys):
    drawings.keep(LAST_360[0], 3)
    drawings.record_reading("perceptron", 1, 1)
    progress.record("neuron", "solved")
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "ada.jsonl").write_text(progress.progress_file().read_text())
    (folder / "drawings.jsonl").write_text(drawings.drawings_file().read_text())
    assert [*read_class(folder)] == ["ada"]
    assert "drawings.jsonl: skipped" in capsys.readouterr().out
