"""No small mistake passes: the worked solution of each exercise, with one slip of the pen in it."""

import ast
import functools
from dataclasses import replace

import mutants
import numpy as np
import pytest

from nnutils.exercises import course
from nnutils.exercises.judge import Case, judge
from tools import notebooks

TRIED = 30  # mutants of each exercise, chosen at random from a seed

# Mutants that do the same as the solution, with the reason: {exercise: {mutant: reason}}.
EQUIVALENT = {
    # 00 to 03
    "mcculloch_pitts": {
        "return int(sum(excitatory) >= threshold) → "
        "return round_to_two_decimals(int(sum(excitatory) >= threshold))": "whole numbers",
        "int(sum(excitatory) >= threshold) → sum(excitatory) >= threshold": "True counts as 1",
    },
    "neuron": {
        "return 1 if z >= 0 else 0 → return round_to_two_decimals(1 if z >= 0 else 0)": "0 and 1",
    },
    "mend_the_loop": {
        "1 → 2": "any number of mistakes above 0 lets the first epoch begin",
        "int(w @ x + b >= 0) → w @ x + b >= 0": "True counts as 1",
        "mistakes + 1 → 1": "asked is only whether there were any",
        "1 → 2 (4)": "asked is only whether there were any",
    },
    "one_die_more": {"return new → return round_to_two_decimals(new)": "whole numbers"},
    "judge_roll": {
        "return 1 if weighted_sum >= threshold else 0 → "
        "return round_to_two_decimals(1 if weighted_sum >= threshold else 0)": "whole numbers",
    },
    "fair_threshold": {
        "return int(threshold) → return round_to_two_decimals(int(threshold))": "whole numbers",
        "int(threshold) → threshold": "NumPy's integer is the same number",
        "counts.sum() // 2 → counts.sum() / 2": "the number of rolls is even",
    },
    # 04 to 06
    "huber_loss": {"np.abs(error) <= 1 → np.abs(error) < 1": "at the size 1 both pieces agree"},
    "leaky_relu": {"z > 0 → z >= 0": "at z = 0 both are 0"},
    # 07 to 10
    "output_size": {
        "return (n + 2 * padding - span) // stride + 1 → "
        "return round_to_two_decimals((n + 2 * padding - span) // stride + 1)": "whole numbers",
    },
    "conv2d": {
        "-1 → 1 (2)": "X is square",
        "1 → 2 (2)": "kernels are square",
        "1 → 2 (3)": "X is square",
    },
    "moving_kernel": {"return W → return round_to_two_decimals(W)": "0 and 1"},
    "mend_max_pool": {"0 → -1": "all rows are equally long"},
    "conv2d_backward": {"0 → -1": "all rows are equally long"},
    "engine_sigmoid": {
        "return Value(s, [(z, s * (1 - s))]) → "
        "return round_to_two_decimals(Value(s, [(z, s * (1 - s))]))": "a Value is no number",
    },
    "linear": {
        "return MyLinear() → return round_to_two_decimals(MyLinear())": "a layer is no number",
    },
    "widest_layer": {
        "return (limit - n_out) // (n_in + 1 + n_out) → "
        "return round_to_two_decimals((limit - n_out) // (n_in + 1 + n_out))": "whole numbers",
    },
    "confusion_matrix": {"return matrix → return round_to_two_decimals(matrix)": "whole numbers"},
    "parameters_per_layer": {
        "return counts → return round_to_two_decimals(counts)": "whole numbers",
    },
}


@functools.cache
def read(number):
    return notebooks.read(notebooks.all_notebooks()[number])


def names_in(number):
    """Return what the cells of a notebook import and define, as the learner's function has it."""
    names = {"round_to_two_decimals": mutants.round_to_two_decimals}
    for cell in read(number).cells:
        if cell.cell_type == "code" and "fetch" not in notebooks.tags(cell):
            for statement in ast.parse(cell.source).body:
                if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef):
                    exec(compile(ast.Module([statement], []), "<imports>", "exec"), names)
    return names


def is_solved(exercise, source, names):
    """Tell whether the program is called solved; quickly, without a look for known mistakes."""
    names = dict(names)
    exec(compile(source, "<answer>", "exec"), names)
    exercise = replace(exercise, mistakes=())
    return judge(exercise, names[exercise.function], seconds=0.5).verdict.startswith("solved")


WRITTEN = [
    (number, exercise)
    for number, slug in enumerate(course.SLUGS)
    for exercise in course.exercises_of(slug)
    if exercise.cases != [Case()]
]


def survivors(number, exercise, tried=None):
    """Return the mutants, all or ``tried`` of them, that are called solved and are not the same."""
    solution = notebooks.solutions_in(read(number))[exercise.name]
    names = names_in(number)
    assert is_solved(exercise, solution, names)
    programs = mutants.mutants(solution, exercise.all_cases[0].args)
    chosen = np.random.default_rng(0).permutation(sorted(programs))[:tried]
    same = EQUIVALENT.get(exercise.name, {})
    return [m for m in chosen if m not in same and is_solved(exercise, programs[m], names)]


@pytest.mark.parametrize(("number", "exercise"), WRITTEN, ids=[e.name for _, e in WRITTEN])
def test_no_small_mistake_is_called_solved(number, exercise):
    assert not survivors(number, exercise, TRIED)
