"""The colours of the course: told apart by everybody, and strong enough on white."""

import itertools

import colour
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from nnutils import plotting

LINES = [to_rgb(color) for color in plotting.PALETTE]
REGIONS = to_rgb(plotting.LIGHT_BLUE), to_rgb(plotting.LIGHT_ORANGE)
KINDS = sorted(colour.COLOUR_BLINDNESS)


# --- The formulas, against published numbers ------------------------------------------------------


def test_contrast_of_black_and_white_and_of_the_greys_at_the_limit():
    """WCAG 2.2 defines 21 for black on white; #767676 is the palest grey that passes 4.5."""
    assert colour.contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert colour.contrast(to_rgb("#767676"), (1, 1, 1)) == pytest.approx(4.54, abs=0.005)
    assert colour.contrast(to_rgb("#777777"), (1, 1, 1)) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ("#FFFFFF", (100, 0, 0)),
        ("#FF0000", (53.24, 80.09, 67.20)),
        ("#00FF00", (87.73, -86.18, 83.18)),
        ("#0000FF", (32.30, 79.19, -107.86)),
        ("#000000", (0, 0, 0)),
    ],
)
def test_cielab_of_the_primaries(rgb, expected):
    """The numbers are those of the literature for sRGB under D65."""
    assert colour.cielab(to_rgb(rgb)) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_the_colour_blind_see_greys_as_they_are(kind):
    """Each row of the published matrices adds up to one."""
    for grey in np.linspace(0, 1, 11):
        assert colour.seen_with(kind, [grey] * 3) == pytest.approx([grey] * 3, abs=1e-4)


def test_red_and_green_look_alike_without_the_green_cones():
    red, green = to_rgb("#C03000"), to_rgb("#7A6A00")
    assert colour.difference(red, green) > 45
    seen = [colour.seen_with("deuteranopia", rgb) for rgb in (red, green)]
    assert colour.difference(*seen) < 12


# --- The palette ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_all_colours_of_lines_differ_for_the_colour_blind(kind):
    """15 is seven times the difference that is just seen."""
    seen = [colour.seen_with(kind, rgb) for rgb in LINES]
    for one, other in itertools.combinations(seen, 2):
        assert colour.difference(one, other) > 15


@pytest.mark.parametrize("kind", KINDS)
def test_the_two_classes_differ_strongly(kind):
    for pair in (map(to_rgb, plotting.CLASS_COLORS), REGIONS):
        one, other = (colour.seen_with(kind, rgb) for rgb in pair)
        assert colour.difference(one, other) > 20


def test_in_grey_the_classes_differ_by_their_markers_and_the_regions_by_their_lightness():
    assert len(set(plotting.CLASS_MARKERS)) == 2
    zero, one = (colour.cielab(rgb)[0] for rgb in REGIONS)
    assert zero - one > 10


@pytest.mark.parametrize("rgb", LINES, ids=plotting.PALETTE)
def test_lines_and_marks_stand_out_from_white(rgb):
    """WCAG 2.2, 1.4.11: at least 3."""
    assert colour.contrast(rgb, (1, 1, 1)) >= 3


@pytest.mark.parametrize("name", ["BLUE", "DARK_ORANGE", "GREY", "BLACK"])
def test_colours_of_text_can_be_read_on_white(name):
    """WCAG 2.2, 1.4.3: at least 4.5; so can white text on them."""
    assert colour.contrast(to_rgb(getattr(plotting, name)), (1, 1, 1)) >= 4.5


@pytest.mark.parametrize("region", REGIONS, ids=["region 0", "region 1"])
def test_black_text_can_be_read_on_a_region(region):
    assert colour.contrast(to_rgb(plotting.BLACK), region) >= 4.5


@pytest.mark.parametrize("color", plotting.CLASS_COLORS)
def test_markers_stand_out_from_their_white_edge(color):
    assert colour.contrast(to_rgb(color), (1, 1, 1)) >= 3
