"""The course: its notebooks in order, their exercises, questions and guesses, what is solved."""

import difflib
import functools
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from nnutils.exercises.guesses import read_guesses
from nnutils.exercises.question import read_questions
from nnutils.exercises.values import text_of
from nnutils.learner import progress


class Notebook(NamedTuple):
    """A notebook: the slug that names all that belongs to it, its title, what one does in it."""

    slug: str
    title: str
    what: str


NOTEBOOKS = (  # in order: notebook 03 is NOTEBOOKS[3]
    Notebook("start_here", "Start here", "draw a digit, watch a network read it, test your set-up"),
    Notebook(
        "biological_neuron",
        "The biological neuron",
        "drive a nerve cell, and see it become a formula",
    ),
    Notebook(
        "perceptron",
        "The perceptron",
        "teach one neuron to tell 3 from 8, and find what it cannot do",
    ),
    Notebook("dice_sum_model", "Three dice", "let one neuron find a rule that a casino hides"),
    Notebook(
        "layers_and_activations",
        "Layers and activations",
        "put neurons into layers and watch them bend the plane",
    ),
    Notebook(
        "loss_and_gradient_descent",
        "Loss and gradient descent",
        "roll downhill, and race five optimizers",
    ),
    Notebook(
        "backprop_by_hand",
        "Backpropagation by hand",
        "send the error back, number by number, and find twelve planted bugs",
    ),
    Notebook("convolution", "Convolution", "slide a window over a picture"),
    Notebook(
        "pytorch_building_blocks",
        "Building blocks of PyTorch",
        "build the engine that finds gradients, then use PyTorch's",
    ),
    Notebook(
        "mnist_mlp",
        "A network that reads handwriting",
        "train a PyTorch network on MNIST, on a GPU or a CPU",
    ),
    Notebook(
        "mnist_cnn",
        "A convolutional network",
        "train a network that sees shapes, look at what it sees, and mislead it",
    ),
)
SLUGS = [notebook.slug for notebook in NOTEBOOKS]


class CourseRow(NamedTuple):
    """A notebook of the course, and how much of it is solved."""

    number: str
    title: str
    solved: int
    exercises: int
    answered: int
    questions: int


def exercises_of(slug):
    """Return the exercises of the notebook ``slug``, in its order."""
    return import_module(f"nnutils.exercises.{slug}").EXERCISES


@functools.cache
def questions_of(slug):
    """Return the questions of the notebook ``slug``, in its order."""
    return read_questions(_asked_in(slug))


@functools.cache
def guesses_of(slug):
    """Return the guesses of the notebook ``slug``, in its order."""
    return read_guesses(_asked_in(slug))


def _asked_in(slug):
    return Path(__file__).with_name(f"{slug}.md").read_text("utf-8")


def numbers(items_of):
    """Return {name: number} of all exercises or questions: the second one of notebook 03 is "03.2".

    ``items_of`` is ``exercises_of``, ``questions_of`` or ``guesses_of``, whose numbers nobody sees.
    """
    return {
        item.name: f"{number:02d}.{k}"
        for number, slug in enumerate(SLUGS)
        for k, item in enumerate(items_of(slug), start=1)
    }


def find_exercise(name):
    """Return the exercise ``name``; raise ValueError, naming similar ones, when there is none."""
    return _find(name, exercises_of)


def find_question(name):
    """Return the question ``name``; raise ValueError, naming similar ones, when there is none."""
    return _find(name, questions_of)


def find_guess(name):
    """Return the guess ``name``; raise ValueError, naming similar ones, when there is none."""
    return _find(name, guesses_of)


def _find(name, items_of):
    for slug in SLUGS:
        for item in items_of(slug):
            if isinstance(name, str) and item.name == name:
                return item
    names = {number: name for name, number in numbers(items_of).items()}
    given = name if isinstance(name, str) else text_of(name)
    similar = difflib.get_close_matches(given, names.values()) or [*names.values()][:3]
    similar = [names[given]] if given in names else similar
    raise ValueError(f"name must be one such as {', '.join(similar)}, got {text_of(name)}")


def summary():
    """Return one ``CourseRow`` per notebook: what is solved and answered, and of how many."""
    done = progress.solved()
    rows = []
    for number, (slug, title, _) in enumerate(NOTEBOOKS):
        exercises = {exercise.name for exercise in exercises_of(slug)}
        questions = {question.name for question in questions_of(slug)}
        solved, answered = len(exercises & done), len(questions & done)
        rows.append(
            CourseRow(f"{number:02d}", title, solved, len(exercises), answered, len(questions))
        )
    return rows
