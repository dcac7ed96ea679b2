"""Three dice, the question "is their sum big?", and a casino that hides its own rule.

Derived in notebook 03.
"""

from itertools import product

import numpy as np

from nnutils.checks import finite_number, generator, whole_number

BIG_FROM = 11  # with three dice, "big" is a sum of 11 or more
MAX_ROLLS = 2_000_000  # in one list: eight dice have 1,679,616
CASINO_SEED = 246  # the casino draws its secret weights with it


def all_rolls(dice=3, sides=6):
    """Return every roll of ``dice`` dice, one in a row: an integer array (sides**dice, dice).

    The rolls come in the order of counting: the last die changes fastest. Derived in notebook 03.
    Raises ValueError unless ``dice`` and ``sides`` are whole numbers of at least 1, and for more
    than two million rolls: each further die makes the list ``sides`` times as long.
    """
    dice, sides = whole_number("dice", dice), whole_number("sides", sides)
    if dice * np.log2(sides) > np.log2(MAX_ROLLS):
        raise ValueError(f"sides**dice must be at most {MAX_ROLLS} rolls, got {sides}**{dice}")
    return np.array(list(product(range(1, sides + 1), repeat=dice)))


def is_big(rolls, big_from=BIG_FROM):
    """Return 1 for every roll whose sum is at least ``big_from``, else 0: shape (n,) for (n, d)."""
    return (np.asarray(rolls).sum(axis=-1) >= finite_number("big_from", big_from)).astype(int)


def roll_dice(n, rng, dice=3, chances=None):
    """Roll ``dice`` dice ``n`` times: an integer array (n, dice).

    ``chances`` holds the six chances of a loaded die, shape (6,); None is a fair die. ``rng`` is a
    ``numpy.random.Generator``. Raises ValueError when ``n`` or ``dice`` is not a whole number of at
    least 1, for another rng, or when the chances are not six numbers that are at least 0 and sum
    to 1.
    """
    n, dice = whole_number("n", n), whole_number("dice", dice)
    if chances is not None:
        chances = np.asarray(chances, dtype=float)
        if chances.shape != (6,):
            raise ValueError(f"chances must have shape (6,), got {chances.shape}")
        if (chances < 0).any() or not np.isclose(chances.sum(), 1):
            raise ValueError(f"chances must be at least 0 and sum to 1, got {chances}")
    return generator(rng).choice(np.arange(1, 7), size=(n, dice), p=chances)


def sum_distribution(dice=3, sides=6):
    """Return the possible sums of ``dice`` fair dice and the number of rolls that give each.

    Both have shape (dice·(sides − 1) + 1,). The counts of one more die are the convolution of the
    counts so far with the counts of one die. Where int64 cannot hold the number of all rolls, from
    25 dice of six sides on, the counts are Python's integers, which have no limit. Derived in
    notebook 03. Raises ValueError unless ``dice`` and ``sides`` are whole numbers of at least 1.
    """
    dice, sides = whole_number("dice", dice), whole_number("sides", sides)
    dtype = np.int64 if dice * np.log2(sides) < 63 else object
    one_die, counts = np.ones(sides, dtype), np.ones(1, dtype)
    for _ in range(dice):
        counts = np.convolve(counts, one_die)
    return np.arange(dice, dice * sides + 1), counts


def casino_rule():
    """Return the three weights (3,) and the threshold that the casino of notebook 03 hides.

    They come from a fixed seed, so that nobody reads them here by accident. The threshold is the
    first whole number above the mean of the weighted sum, and a roll that reaches it is paid.
    """
    weights = np.random.default_rng(CASINO_SEED).integers(-4, 7, size=3)
    return weights, int(np.floor(3.5 * weights.sum())) + 1


def casino_pays(rolls):
    """Return 1 for every roll that the casino of notebook 03 pays, else 0: (n,) for (n, 3)."""
    weights, threshold = casino_rule()
    return (np.asarray(rolls) @ weights >= threshold).astype(int)
