"""Colours as numbers: contrast, lightness, distance, and how the colour-blind see them.

A colour is an array of red, green and blue in sRGB, each from 0 to 1.
"""

import numpy as np

# Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color
# vision deficiency", IEEE TVCG 15(6), severity 1.0; they act on linear red, green and blue.
COLOUR_BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}

# From linear sRGB to CIE XYZ under the white of daylight, D65 (IEC 61966-2-1).
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(rgb):
    rgb = np.asarray(rgb, dtype=float)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def encoded(linear_rgb):
    """Undo ``linear``."""
    low = 12.92 * linear_rgb
    return np.where(linear_rgb <= 0.0031308, low, 1.055 * linear_rgb ** (1 / 2.4) - 0.055)


def seen_with(blindness, rgb):
    """Return what ``rgb`` looks like to somebody with this kind of colour blindness."""
    seen = np.array(COLOUR_BLINDNESS[blindness]) @ linear(rgb)
    return encoded(np.clip(seen, 0, 1))


def contrast(one, other):
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    dark, bright = sorted(TO_XYZ[1] @ linear(rgb) for rgb in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def cielab(rgb):
    """Return lightness (0 to 100), a and b of CIELAB."""
    shares = TO_XYZ @ linear(rgb) / TO_XYZ.sum(axis=1)  # 1, 1, 1 for white
    straight = shares * (29 / 6) ** 2 / 3 + 4 / 29  # near black
    x, y, z = np.where(shares > (6 / 29) ** 3, np.cbrt(shares), straight)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one, other):
    """Return the distance of two colours in CIELAB (CIE 1976); one of about 2 is just seen."""
    return float(np.linalg.norm(cielab(one) - cielab(other)))
