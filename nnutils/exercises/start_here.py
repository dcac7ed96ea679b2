"""The exercises of notebook 00."""

import numpy as np

from nnutils.exercises.judge import Case, Exercise, Mistake, slip
from nnutils.exercises.kinds import order


def accuracy(answers, labels):
    """Return the share of the answers that are right: a number from 0 to 1."""
    return (answers == labels).sum() / len(answers)


def _any_answers(rng):
    """Return 2 to 11 digits as answers and as labels; about half of them agree."""
    answers, others = rng.integers(0, 10, (2, rng.integers(2, 12)))
    return answers, np.where(rng.random(len(answers)) < 0.5, answers, others)


# fmt: off
EXERCISES = [
    Exercise(
        "accuracy",
        "Write the accuracy",
        accuracy,
        minutes=5,
        cases=[
            Case((np.array([3, 8, 1, 7]), np.array([3, 8, 1, 7])), "all four are right"),
            Case((np.array([3, 8, 1, 7, 0]), np.array([8, 3, 7, 1, 6])), "all five are wrong"),
            Case((np.array([3, 8, 1]), np.array([3, 6, 2])), "only the first is right"),
            Case((np.array([9, 8, 2, 0, 4, 4, 5]), np.array([1, 8, 2, 6, 4, 9, 5])),
                 "four of seven are right"),
            Case((np.array([5]), np.array([5])), "a single digit"),
            Case((np.array([0, 1, 1, 0, 0, 1]), np.array([0, 0, 1, 0, 0, 1])),
                 "two classes, 0 and 1"),
        ],
        draw=_any_answers,
        hints=[
            "A share is a part divided by the whole. What is the part here, and what is the whole?",
            "`(answers == labels).sum()` counts the right answers, `len(answers)` counts them all.",
            "Write: `return (answers == labels).sum() / len(answers)`",
        ],
        mistakes=[
            slip("number_of_right_ones", " / len(answers)", "",
                 "That is how many answers are right. Divide it by the number of all answers, so "
                 "that three of four and 75 of 100 give the same."),
            slip("number_of_wrong_ones", "==", "!=",
                 "That is the share of the wrong answers. Count those that are right."),
            slip("percent", "len(answers)", "len(answers) * 100",
                 "That is the accuracy in percent. Return it as a number from 0 to 1."),
            slip("of_a_fixed_number", "len(answers)", "360",
                 "You divide by 360, whatever is given. Divide by the number of answers"
                 " that there are here."),
            slip("each_answer_alone", "(answers == labels).sum() / len(answers)",
                 "answers == labels",
                 "That tells of each answer whether it is right. Count the right ones, then divide "
                 "by the number of all answers."),
            Mistake("only_the_first",
                    "Your function looks at the first answer only. Compare all of them.",
                    lambda answers, labels: float(answers[0] == labels[0])),
            slip("all_or_nothing", " / ", " // ",
                 "Your answer is 1 when all are right, and 0 otherwise. A share has digits behind "
                 "the point: `/` keeps them."),
        ],
    ),
    order(
        "five_steps",
        "Put the five steps in order",
        right="CEBFDA",
        hints=[
            "Which line can be run first, because it needs nothing from the others?",
            "A name must have a value before a line can use it: who uses `z`, who uses `answer`, "
            "and who uses `error`?",
            "The loop (E) follows the start (C). Inside it the weighted sum comes first, then the "
            "answer, then the error.",
        ],
        mistakes=[
            ("answer_before_the_sum", "FB",
             "The answer needs `z`, which has no value yet: the weighted sum comes first."),
            ("error_before_the_answer", "DF",
             "The error needs `answer`, which has no value yet: the function comes first."),
            ("update_before_the_error", "AD",
             "The update uses an error that does not exist yet: compare first, then update."),
        ],
    ),
]
