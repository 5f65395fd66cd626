"""Places on the face mesh (468 points) by their anatomical names, and the face's own coordinates.

Right and left are the person's own, as FACS has them: the right eye lies left in the picture. In face
coordinates the origin is between the eyes, x runs along the eye line towards the person's left (right
in the picture), y down; the unit is the inter-ocular distance (IOD).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import eyes_pose, to_face_units

Points = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Mesh points of one place, for each side in the same order, or on the midline."""

    right: Points = ()
    left: Points = ()
    middle: Points = ()


PLACES: dict[str, Place] = {
    "brow_inner": Place((107, 66, 55, 65), (336, 296, 285, 295)),
    "brow_middle": Place((105, 52), (334, 282)),
    "brow_outer": Place((70, 63, 46, 53), (300, 293, 276, 283)),
    "glabella": Place(middle=(9, 8)),
    "forehead_inner": Place((108, 69), (337, 299), (151,)),
    "forehead_outer": Place((104, 68), (333, 298)),
    "temple": Place((143, 35, 226, 31, 111), (372, 265, 446, 261, 340)),
    "infraorbital": Place((118, 119, 101, 50), (347, 348, 330, 280)),
    "cheek": Place((205, 50, 187, 36), (425, 280, 411, 266)),
    "nose_side": Place((198, 126, 209, 217), (420, 355, 429, 437)),
    "nose_wing": Place((129, 64, 98, 48), (358, 294, 327, 278)),
    "nose_bridge": Place(middle=(6, 197)),
    "nasolabial": Place((203, 206, 36, 142), (423, 426, 266, 371)),
    "lip_corner": Place((61, 62, 76, 185, 146), (291, 292, 306, 409, 375)),
    "lip_side": Place((40, 39, 91, 181), (270, 269, 321, 405)),
    "lip_upper": Place((37, 39, 81), (267, 269, 311), (0, 13)),
    "lip_upper_outer": Place((40, 80), (270, 310)),
    "lip_lower": Place((84, 181, 178), (314, 405, 402), (17, 14)),
    "beside_mouth": Place((216, 207, 212, 214), (436, 427, 432, 434)),
    "below_corner": Place((202, 204, 211, 210), (422, 424, 431, 430)),
    "chin": Place((208, 171, 201), (428, 396, 421), (199, 175, 200, 18)),
}

LID_UPPER = Place((33, 246, 161, 160, 159, 158, 157, 173, 133), (263, 466, 388, 387, 386, 385, 384, 398, 362))
LID_LOWER = Place((33, 7, 163, 144, 145, 153, 154, 155, 133), (263, 249, 390, 373, 374, 380, 381, 382, 362))
LID_MIDDLES = ((159, 145), (386, 374))  # upper and lower lid of the right eye, of the left eye
LIP_INNER_UPPER: Points = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIP_INNER_LOWER: Points = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)


def face_units(landmarks_px: NDArray[np.floating]) -> NDArray[np.float32]:
    """(468, 2) landmarks in pixels -> the same in face coordinates, IOD."""
    points = np.asarray(landmarks_px, np.float32)
    return to_face_units(eyes_pose(points), points).astype(np.float32)


def eye_opening(landmarks_px: NDArray[np.floating]) -> float:
    """Height of the wider open eye between its lids, IOD."""
    points = face_units(landmarks_px)
    heights = (points[lower, 1] - points[upper, 1] for upper, lower in LID_MIDDLES)
    return float(max(heights))
