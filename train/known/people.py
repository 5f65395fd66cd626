"""Resting faces as a webcam frames them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from train.synth.people import Person, read_people

WEBCAM_SHAPE = 480, 640  # height, width


def read_person(still: Path) -> Person:
    """The person of one still, in a webcam's frame.

    Raises: DatasetError if it cannot be read or shows no face.
    """
    return framed(read_people([still])[0])


def framed(person: Person) -> Person:
    """Cut, or continued at its borders, to 640x480 with the face in the middle."""
    middle_x, middle_y = (person.landmarks_px.min(axis=0) + person.landmarks_px.max(axis=0)) / 2
    height, width = WEBCAM_SHAPE
    left, top = round(float(middle_x) - width / 2), round(float(middle_y) - height / 2)
    right, below = left + width - person.bgr.shape[1], top + height - person.bgr.shape[0]
    above, under, before, behind = (max(side, 0) for side in (-top, below, -left, right))
    wider = cv2.copyMakeBorder(person.bgr, above, under, before, behind, cv2.BORDER_REPLICATE)
    y, x = max(top, 0), max(left, 0)
    bgr = np.ascontiguousarray(wider[y : y + height, x : x + width], np.uint8)
    return Person(person.name, bgr, (person.landmarks_px - (left, top)).astype(np.float32))
