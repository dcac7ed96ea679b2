"""The data of the course: toy sets in the plane, handwritten digits, colour pictures.

Images are uint8, 0 for paper and 255 for full ink; ``to_inputs`` makes floats of them.
"""

from nnutils.datasets.colour import ColourImages, load_cifar10, load_photos
from nnutils.datasets.digits import (
    ImageData,
    augment_digits,
    centre_by_mass,
    centre_of_mass,
    fit_to_box,
    load_digits,
    prepare_digit,
    to_inputs,
)
from nnutils.datasets.mnist import load_mnist, save_for_torchvision
from nnutils.datasets.toys import make_blobs, make_circles, make_moons, make_spiral, make_xor

__all__ = [
    "ColourImages",
    "ImageData",
    "augment_digits",
    "centre_by_mass",
    "centre_of_mass",
    "fit_to_box",
    "load_cifar10",
    "load_digits",
    "load_mnist",
    "load_photos",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_spiral",
    "make_xor",
    "prepare_digit",
    "save_for_torchvision",
    "to_inputs",
]
