"""The exercises and questions of notebook 00."""

from nnutils.exercises.base import Case, Choice, Exercise, Mistake, Question

# --- 00.1: one weighted sum -----------------------------------------------------------------------


def weighted_sum(x, w, b):
    """Return the input times the weight, plus the bias."""
    return w * x + b


def _bias_forgotten(x, w, b):
    return w * x


def _bias_multiplied_too(x, w, b):
    return w * (x + b)


def _bias_subtracted(x, w, b):
    return w * x - b


def _weight_and_bias_swapped(x, w, b):
    return b * x + w


def _added_only(x, w, b):
    return w + x + b


# --- 00.2: the five steps in order ----------------------------------------------------------------

STEPS = {
    "A": "    w, b = w + 0.1 * error * x, b + 0.1 * error",
    "B": "    y_hat = w * x + b",
    "C": "w, b = 0, 0",
    "D": "    error = y - y_hat",
    "E": "for x, y in examples:",
}


def steps_in_order():
    """Return the letters of the lines in the order in which they must stand."""
    return "CEBDA"


def _error_before_the_answer():
    return "CEDBA"


def _update_before_the_error():
    return "CEBAD"


def _explain_order(got):
    right = steps_in_order()
    letters = "".join(str(got).split()).upper()
    if sorted(letters) != sorted(right):
        return f"Use each of the letters {', '.join(sorted(STEPS))} exactly once."
    place = next(i for i, letter in enumerate(letters) if letter != right[i])
    begin = {0: "No line is", 1: "The first line is"}.get(place, f"The first {place} lines are")
    line = STEPS[letters[place]].strip()
    return f"{begin} right. Line {place + 1}, `{line}`, comes too early."


EXERCISES = [
    Exercise(
        id="00.1",
        title="Write the weighted sum of one input",
        function="my_weighted_sum",
        reference=weighted_sum,
        cases=[
            Case((2.0, 0.5, -1.0), "the start of the lab"),
            Case((3, 2, 1), "whole numbers"),
            Case((0.0, 0.7, 0.4), "input 0: only the bias is left"),
            Case((-1.5, -2.0, 0.25), "two minus signs"),
        ],
        hints=(
            "Look at the sentence under the lab. It computes the answer in two steps.",
            "First multiply the input by the weight. What must still be added?",
            "Write: return w * x + b",
        ),
        mistakes=[
            Mistake(
                _bias_forgotten,
                "The bias is missing. Input times weight is right so far; add b to it.",
            ),
            Mistake(
                _bias_multiplied_too,
                "The bias is multiplied by the weight as well. Multiply first, then add b: no "
                "brackets are needed.",
            ),
            Mistake(_bias_subtracted, "The bias is subtracted. It is added, whatever its sign."),
            Mistake(
                _weight_and_bias_swapped,
                "Weight and bias have changed places: the input is multiplied by w, and b is "
                "added.",
            ),
            Mistake(_added_only, "You add the weight. The input must be multiplied by it."),
        ],
    ),
    Exercise(
        id="00.2",
        title="Put the five steps in order",
        function="my_order",
        reference=steps_in_order,
        cases=[Case()],
        hints=(
            "Which line can be run first, because it needs nothing from the others?",
            "A name must have a value before a line can use it: who uses y_hat, who uses error?",
            "The loop (E) follows the start (C). Inside it the answer comes first, then the error.",
        ),
        mistakes=[
            Mistake(
                _error_before_the_answer,
                "The error needs y_hat, which has no value yet: the answer comes first.",
            ),
            Mistake(
                _update_before_the_error,
                "The update uses an error that does not exist yet: compare first, then update.",
            ),
        ],
        explain=_explain_order,
    ),
]

QUIZ = [
    Question(
        "00.q1",
        "You have mended your function, and `check` still finds the old mistake. What is the most "
        "likely reason?",
        [
            Choice(
                "the check has remembered the first answer",
                False,
                "It remembers nothing: it judges the function that the kernel has at this moment.",
            ),
            Choice(
                "the exercise can be answered only once",
                False,
                "You may try as often as you like, and an exercise that was solved once stays "
                "solved.",
            ),
            Choice(
                "the cell with the function was not run again",
                True,
                "The kernel knows only what was run. Typing alone changes the page; Shift+Enter "
                "hands the cell to the kernel.",
            ),
        ],
    ),
    Question(
        "00.q2",
        "You are stuck in an exercise. What may you do?",
        [
            Choice(
                'ask for a hint, for example `check("00.1", hint=1)`',
                True,
                "There are three, and each says more than the one before.",
            ),
            Choice(
                "unfold the solution",
                True,
                "It stands right below the check. Read it, fold it, and write it in your own way.",
            ),
            Choice(
                "restart the kernel",
                False,
                "That makes the kernel forget what you have defined. It helps against a cell that "
                "never ends, not against a riddle.",
            ),
            Choice(
                "read on",
                True,
                "No later cell needs your answer: the text goes on with the same function from "
                "`nnutils`.",
            ),
        ],
    ),
    Question(
        "00.q3",
        "You work on Binder and go to lunch for an hour. What is there when you come back?",
        [
            Choice(
                "what you have downloaded to your own machine",
                True,
                "Binder deletes everything of a session that has ended. The files on your machine "
                "can be uploaded into a new session.",
            ),
            Choice(
                "everything that you have saved with Ctrl+S",
                False,
                "That writes the notebook into the session, and the session is deleted with all "
                "its files.",
            ),
            Choice(
                "the solved exercises, since `check` remembers them",
                False,
                "It remembers them in a file of the session. “Save my work” in section 5 takes "
                "this file along.",
            ),
        ],
    ),
]
