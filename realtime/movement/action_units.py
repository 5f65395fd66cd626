"""Action units as pulls on places of the face: a table to read beside the FACS manual.

The words after each unit are ours, after its description ("appearance changes") in Ekman, Friesen,
Hager: Facial Action Coding System, The Manual (2002), the section named for each. Directions are for one
side: `out` away from the midline, `down` towards the chin; their sizes only matter relative to each
other, because a unit's field is scaled so that its largest displacement is the asked amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lip = Literal["", "upper", "lower"]


@dataclass(frozen=True, slots=True)
class Pull:
    """Skin around a place of the mesh is drawn one way, fading with distance."""

    place: str  # key of geometry.PLACES
    out: float
    down: float
    reach: float = 0.15  # standard deviation of the fading, IOD
    lip: Lip = ""  # only the skin on this side of the lip line moves
    seam: float = 0.035  # half height of the passage to the other lip: lips pressed shorten over all of it


@dataclass(frozen=True, slots=True)
class Lid:
    """An eyelid moves like a curtain: most where the eye is most open, not at its corners."""

    lid: Literal["upper", "lower"]
    down: float
    reach: float = 0.08  # fading into the skin beyond the lid, IOD


@dataclass(frozen=True, slots=True)
class ActionUnit:
    number: int
    name: str
    muscles: str
    looks: str  # what the FACS manual says it changes, in our words
    pulls: tuple[Pull, ...]
    lids: tuple[Lid, ...] = ()


_TABLE = (
    ActionUnit(
        1,
        "inner brow raiser",
        "frontalis, medial part",
        "Upper face, AU 1: the inner part of the brow goes up, the middle of the forehead wrinkles.",
        (Pull("brow_inner", 0.0, -1.0), Pull("forehead_inner", 0.0, -0.5, 0.2)),
    ),
    ActionUnit(
        2,
        "outer brow raiser",
        "frontalis, lateral part",
        "Upper face, AU 2: the outer part of the brow goes up into an arch, lid fold and temple follow.",
        (Pull("brow_outer", 0.1, -1.0), Pull("forehead_outer", 0.0, -0.5, 0.2)),
    ),
    ActionUnit(
        4,
        "brow lowerer",
        "corrugator and depressor supercilii, procerus",
        "Upper face, AU 4: the brow goes down, the brows draw together, folds stand between them.",
        (
            Pull("brow_inner", -0.7, 0.8),
            Pull("brow_middle", -0.45, 0.7),
            Pull("brow_outer", -0.15, 0.3),
            Pull("glabella", 0.0, 0.5, 0.12),
        ),
    ),
    ActionUnit(
        5,
        "upper lid raiser",
        "levator palpebrae superioris",
        "Upper face, AU 5: the upper lid goes up and back, more of the eyeball shows.",
        (),
        (Lid("upper", -1.0),),
    ),
    ActionUnit(
        6,
        "cheek raiser",
        "orbicularis oculi, orbital part",
        "Upper face, AU 6: skin of temple and cheek is drawn towards the eye, the cheek rises, the eye "
        "opening narrows, crow's feet.",
        (
            Pull("infraorbital", 0.05, -0.9, 0.17),
            Pull("temple", -0.6, 0.05, 0.13),
            Pull("brow_outer", -0.1, 0.25, 0.1),
        ),
        (Lid("lower", -0.5),),
    ),
    ActionUnit(
        7,
        "lid tightener",
        "orbicularis oculi, palpebral part",
        "Upper face, AU 7: the lids tighten, the lower lid rises and straightens, the opening narrows.",
        (),
        (Lid("lower", -1.0, 0.1), Lid("upper", 0.5)),
    ),
    ActionUnit(
        9,
        "nose wrinkler",
        "levator labii superioris alaeque nasi",
        "Lower face, AU 9: skin beside the nose is pulled up towards its root and wrinkles, the wings rise "
        "and widen, the inner brows come down, the middle of the upper lip rises.",
        (
            Pull("nose_side", -0.1, -1.0, 0.13),
            Pull("nose_wing", 0.15, -0.8, 0.11),
            Pull("nasolabial", -0.1, -0.5, 0.13),
            Pull("brow_inner", -0.3, 0.6, 0.13),
            Pull("glabella", 0.0, 0.4, 0.12),
            Pull("lip_upper", 0.0, -0.35, 0.12, "upper"),
        ),
    ),
    ActionUnit(
        10,
        "upper lip raiser",
        "levator labii superioris",
        "Lower face, AU 10: the upper lip goes up, most in its middle, the cheek below the eye is pushed "
        "up, the fold from nose to mouth deepens.",
        (
            Pull("lip_upper", 0.0, -1.0, 0.13, "upper"),
            Pull("lip_upper_outer", 0.0, -0.7, 0.13, "upper"),
            Pull("nasolabial", 0.0, -0.6, 0.16),
            Pull("nose_wing", 0.1, -0.3, 0.1),
        ),
    ),
    ActionUnit(
        12,
        "lip corner puller",
        "zygomaticus major",
        "Lower face, AU 12: the lip corners go back and up, the cheeks rise, the fold from nose to mouth "
        "deepens and moves outward and up.",
        (
            Pull("lip_corner", 0.8, -0.75, 0.15),
            Pull("lip_side", 0.4, -0.2, 0.12),
            Pull("beside_mouth", 0.35, -0.5, 0.18),
            Pull("cheek", 0.2, -0.5, 0.2),
        ),
    ),
    ActionUnit(
        14,
        "dimpler",
        "buccinator",
        "Lower face, AU 14: the lip corners tighten and narrow, pinched against the teeth and drawn somewhat "
        "inward; skin beyond them comes towards them (a dimple), skin below them and of the chin is drawn "
        "up to them and flattens, the lips are stretched a little.",
        (
            Pull("lip_corner", 0.1, 0.5, 0.1, "upper", 0.08),
            Pull("lip_corner", 0.1, -0.5, 0.1, "lower", 0.08),
            Pull("beside_mouth", -0.8, -0.1, 0.12),
            Pull("below_corner", 0.0, -0.5, 0.13),
            Pull("chin", 0.15, -0.15, 0.15),
            Pull("lip_side", 0.35, 0.0, 0.1),
        ),
    ),
    ActionUnit(
        15,
        "lip corner depressor",
        "depressor anguli oris (triangularis)",
        "Lower face, AU 15: the lip corners go down, the lower lip stretches, skin below them bulges.",
        (
            Pull("lip_corner", 0.1, 1.0, 0.14),
            Pull("lip_side", 0.05, 0.4, 0.1),
            Pull("below_corner", 0.0, 0.5, 0.16),
        ),
    ),
    ActionUnit(
        17,
        "chin raiser",
        "mentalis",
        "Lower face, AU 17: the chin boss is pushed up and wrinkles, it carries the lower lip up, the "
        "mouth bends down at its ends.",
        (
            Pull("chin", 0.0, -1.0, 0.17),
            Pull("lip_lower", 0.0, -0.8, 0.13, "lower", 0.1),
            Pull("lip_upper", 0.0, -0.2, 0.1),
        ),
    ),
    ActionUnit(
        20,
        "lip stretcher",
        "risorius with platysma",
        "Lower face, AU 20: the lip corners go straight sideways and a little down, the mouth lengthens "
        "and flattens, the skin beside it follows.",
        (
            Pull("lip_corner", 1.0, 0.15, 0.14),
            Pull("lip_side", 0.5, 0.05, 0.12),
            Pull("beside_mouth", 0.6, 0.1, 0.16),
            Pull("below_corner", 0.5, 0.1, 0.16),
        ),
    ),
    ActionUnit(
        23,
        "lip tightener",
        "orbicularis oris",
        "Lower face, AU 23: the lips tighten and narrow, their red parts roll in, the mouth shortens.",
        (
            Pull("lip_corner", -0.6, 0.0, 0.12),
            Pull("lip_upper", 0.0, 0.7, 0.1, "upper", 0.12),
            Pull("lip_lower", 0.0, -0.8, 0.1, "lower", 0.12),
        ),
    ),
    ActionUnit(
        24,
        "lip pressor",
        "orbicularis oris",
        "Lower face, AU 24: the lips press together without the chin boss rising, the upper comes down, "
        "the lower up, both grow thinner, the mouth shortens a little.",
        (
            Pull("lip_upper", 0.0, 0.8, 0.12, "upper", 0.12),
            Pull("lip_upper_outer", 0.0, 0.5, 0.11, "upper", 0.12),
            Pull("lip_lower", 0.0, -1.0, 0.12, "lower", 0.12),
            Pull("lip_corner", -0.2, 0.0, 0.1),
        ),
    ),
    ActionUnit(
        25,
        "lips part",
        "depressor labii inferioris, or relaxed mentalis or orbicularis oris",
        "Lower face, AU 25: the lips part, the lower one goes down more than the upper goes up.",
        (
            Pull("lip_lower", 0.0, 1.0, 0.14, "lower"),
            Pull("lip_upper", 0.0, -0.3, 0.1, "upper"),
            Pull("chin", 0.0, 0.25, 0.15),
        ),
    ),
    ActionUnit(
        45,
        "blink",
        "levator palpebrae relaxed, orbicularis oculi, palpebral part",
        "Miscellaneous, AU 45: the upper lid comes down over the eye and goes up again within half a second.",
        (),
        (Lid("upper", 1.0, 0.09), Lid("lower", -0.07, 0.06)),
    ),
)

ACTION_UNITS: dict[int, ActionUnit] = {unit.number: unit for unit in _TABLE}

# The combinations that CASME II and SAMM coders put into the three classes of the composite set.
CLASS_UNITS: dict[str, tuple[tuple[int, ...], ...]] = {
    "negative": ((4,), (4, 7), (9,), (4, 9), (15, 17), (4, 15)),
    "positive": ((12,), (6, 12)),
    "surprise": ((1, 2), (1, 2, 5)),
}
