"""What the demo's face does and when: an endless timetable that one seed fixes."""

from __future__ import annotations

import numpy as np

from realtime.movement.action_units import CLASS_UNITS
from realtime.movement.model import Action, Movement, MovementKind, Side

BLOCK_S = 30.0
FIRST_SLOT_S = 1.2  # the face rests first
SLOT_S = 2.6  # one micro-expression each, with a rest around it
SLOTS = 11
MICRO_AMPLITUDE = (0.018, 0.03)  # IOD: 0.8 to 1.8 px in a chip, by direction
MACRO_AMPLITUDE = (0.05, 0.08)
BLINK_SHARE = 0.45  # of slots with a blink after the movement
BLINK_CLOSES = 0.8  # of the eye's opening; the warp cannot shut an eye entirely
LOPSIDED_SHARE = 0.25  # of movements stronger on one side


class DemoScript:
    """Movements in order of onset, never two at once.

    Every 30 s hold ten micro-expressions (about as many of each class), one macro-expression and
    some blinks. Most micro-expressions last 200 to 450 ms, a few 100 to 200 or up to 500.
    """

    def __init__(self, seed: int, eye_opening: float) -> None:
        self._seed = seed
        self._eye_opening = eye_opening
        self._movements: list[Movement] = []
        self._blocks = 0

    def until(self, t_s: float) -> tuple[Movement, ...]:
        """All movements that begin before `t_s`."""
        self._extend(t_s)
        return tuple(movement for movement in self._movements if movement.onset_s < t_s)

    def at(self, t_s: float) -> Movement | None:
        """The movement going on at `t_s`, if any."""
        self._extend(t_s)
        for movement in reversed(self._movements):
            if movement.onset_s < t_s:
                return movement if t_s < movement.offset_s else None
        return None

    def _extend(self, t_s: float) -> None:
        while self._blocks * BLOCK_S <= t_s:
            rng = np.random.default_rng((self._seed, self._blocks))
            self._movements += _block(rng, self._blocks * BLOCK_S, self._eye_opening)
            self._blocks += 1


def _block(rng: np.random.Generator, start_s: float, eye_opening: float) -> list[Movement]:
    labels = (list(CLASS_UNITS) * SLOTS)[: SLOTS - 1]
    rng.shuffle(labels)
    macro_slot = int(rng.integers(3, SLOTS))
    labels.insert(macro_slot, str(rng.choice(list(CLASS_UNITS))))
    movements: list[Movement] = []
    for slot in range(SLOTS):
        slot_s = start_s + FIRST_SLOT_S + slot * SLOT_S
        kind = MovementKind.MACRO if slot == macro_slot else MovementKind.MICRO
        movements.append(_expression(rng, slot_s + rng.uniform(0.1, 0.6), kind, labels[slot]))
        if kind is MovementKind.MICRO and rng.random() < BLINK_SHARE:
            movements.append(_blink(rng, slot_s + rng.uniform(1.6, 2.0), eye_opening))
    return movements


def _expression(rng: np.random.Generator, onset_s: float, kind: MovementKind, label: str) -> Movement:
    micro = kind is MovementKind.MICRO
    low, high = MICRO_AMPLITUDE if micro else MACRO_AMPLITUDE
    strongest = rng.uniform(low, high)
    combinations = CLASS_UNITS[label]
    units = combinations[rng.integers(len(combinations))]
    shares = [1.0] + [rng.uniform(0.85, 1.0) for _ in units[1:]]
    weaker = rng.uniform(0.6, 0.9) if rng.random() < LOPSIDED_SHARE else 1.0
    weak_side = Side.LEFT if rng.random() < 0.5 else Side.RIGHT
    actions: list[Action] = []
    for unit, share in zip(units, shares, strict=True):
        actions += _sided(unit, max(share * strongest, low), weaker, weak_side)
    duration_s = _micro_duration_s(rng) if micro else rng.uniform(1.0, 2.0)
    return Movement(
        onset_s,
        onset_s + duration_s * rng.uniform(0.35, 0.55),
        onset_s + duration_s,
        tuple(actions),
        kind,
        label,
        rise=rng.uniform(0.8, 1.1),
        decay=rng.uniform(0.8, 1.2),
    )


def _sided(unit: int, amplitude: float, weaker: float, weak_side: Side) -> list[Action]:
    if weaker == 1.0:
        return [Action(unit, amplitude)]
    strong_side = Side.LEFT if weak_side is Side.RIGHT else Side.RIGHT
    return [Action(unit, amplitude, strong_side), Action(unit, amplitude * weaker, weak_side)]


def _micro_duration_s(rng: np.random.Generator) -> float:
    draw = rng.random()
    if draw < 0.9:
        return float(rng.uniform(0.2, 0.45))
    return float(rng.uniform(0.45, 0.5) if draw < 0.95 else rng.uniform(0.1, 0.2))


def _blink(rng: np.random.Generator, onset_s: float, eye_opening: float) -> Movement:
    duration_s = rng.uniform(0.15, 0.25)
    shut = (Action(45, BLINK_CLOSES * eye_opening),)
    apex_s = onset_s + 0.4 * duration_s
    return Movement(onset_s, apex_s, onset_s + duration_s, shut, MovementKind.BLINK, "")
