"""The exercises and questions of the notebooks: ``check("03.1")`` and ``quiz("03.q1")``."""

from nnutils.exercises.base import (
    Case,
    Choice,
    Exercise,
    Mistake,
    Question,
    Result,
    check,
    quiz,
)

__all__ = ["Case", "Choice", "Exercise", "Mistake", "Question", "Result", "check", "quiz"]
