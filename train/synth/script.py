"""Draws what happens in a video and when: known micro- and macro-expressions, and blinks, by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from realtime.errors import ConfigError
from realtime.movement.model import Action, Movement, MovementKind, Side

Span = tuple[float, float]  # seconds: from, to

# Units that the coders of CASME II and SAMM (objective classes of Davison et al. 2018) put into each class.
CODED: dict[str, tuple[tuple[int, ...], ...]] = {
    "negative": (
        *((4,), (4, 7), (4, 9), (9,), (10,), (4, 10), (1, 4), (4, 7, 24), (4, 20)),
        *((14,), (15,), (4, 15), (15, 17), (17, 24), (20,), (23,)),
    ),
    "positive": ((12,), (6, 12), (7, 12), (12, 25)),
    "surprise": ((1, 2), (1, 2, 5), (1, 2, 25), (2,)),
}
# A little more of a weak unit than of a strong one: what a coder writes down was seen.
WEAKER_UNIT = (0.6, 1.0)
WEAKER_SIDE = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class ScriptConfig:
    """How often and how strongly. Amplitudes: largest displacement over the distance between the eyes."""

    micro_s: Span = (0.2, 0.5)
    brief_s: Span = (0.04, 0.2)
    brief_share: float = 0.1  # of the micro-expressions
    macro_s: Span = (0.5, 4.0)
    micro_amplitude: Span = (0.003, 0.03)
    macro_amplitude: Span = (0.03, 0.08)
    macro_share: float = 0.12
    blink_share: float = 0.0  # of everything that happens
    rest_s: Span = (0.8, 2.0)  # between one movement and the next
    lead_s: float = 1.0  # before the first in each span
    apex_at: Span = (0.3, 0.6)  # share of the duration
    skew: Span = (0.7, 1.4)  # exponents of rise and decay
    one_sided_share: float = 0.12
    lopsided_share: float = 0.4

    def __post_init__(self) -> None:
        spans = ("micro_s", "brief_s", "macro_s", "micro_amplitude", "macro_amplitude", "rest_s", "skew")
        for name in spans:
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ConfigError(f"script.{name} must rise from above 0, not {low} to {high}")
        if not 0 < self.apex_at[0] <= self.apex_at[1] < 1:
            raise ConfigError("script.apex_at must lie between 0 and 1")
        if self.lead_s < 0 or min(self.macro_share, self.blink_share) < 0:
            raise ConfigError("script.lead_s and shares must not be negative")


def draw_script(
    rng: np.random.Generator, spans: Sequence[Span], config: ScriptConfig, eye_opening: float = 0.0
) -> tuple[Movement, ...]:
    """Movements in order, each within one of the `spans`, with a rest between them.

    `eye_opening` in IOD is how far a blink can go.
    """
    movements: list[Movement] = []
    for start_s, end_s in spans:
        t_s = start_s + config.lead_s
        while True:
            drawn = _drawn(rng, t_s, config, eye_opening)
            if drawn.offset_s > end_s:
                break
            movements.append(drawn)
            t_s = drawn.offset_s + rng.uniform(*config.rest_s)
    return tuple(movements)


def _drawn(rng: np.random.Generator, onset_s: float, config: ScriptConfig, eye_opening: float) -> Movement:
    kind = rng.random()
    if kind < config.blink_share:
        return blink(rng, onset_s, eye_opening)
    if kind < config.blink_share + config.macro_share:
        duration_s = float(np.exp(rng.uniform(*np.log(config.macro_s))))
        return _expression(rng, (onset_s, duration_s), MovementKind.MACRO, config.macro_amplitude, config)
    brief = rng.random() < config.brief_share
    duration_s = rng.uniform(*(config.brief_s if brief else config.micro_s))
    return _expression(rng, (onset_s, duration_s), MovementKind.MICRO, config.micro_amplitude, config)


def _expression(
    rng: np.random.Generator, when: Span, kind: MovementKind, amplitude: Span, config: ScriptConfig
) -> Movement:
    onset_s, duration_s = when
    label = str(rng.choice(list(CODED)))
    units = CODED[label][int(rng.integers(len(CODED[label])))]
    strongest = rng.uniform(*amplitude)
    leader = int(rng.integers(len(units)))
    shares = [1.0 if i == leader else rng.uniform(*WEAKER_UNIT) for i in range(len(units))]
    sided = [_sided(rng, unit, strongest * share, config) for unit, share in zip(units, shares, strict=True)]
    return Movement(
        onset_s,
        onset_s + duration_s * rng.uniform(*config.apex_at),
        onset_s + duration_s,
        tuple(action for actions in sided for action in actions),
        kind,
        label,
        rise=rng.uniform(*config.skew),
        decay=rng.uniform(*config.skew),
    )


def _sided(rng: np.random.Generator, unit: int, amplitude: float, config: ScriptConfig) -> tuple[Action, ...]:
    """One unit on both sides, on one, or stronger on one."""
    sides = [Side.LEFT, Side.RIGHT]
    rng.shuffle(sides)
    strong, weak = (Action(unit, amplitude, side) for side in sides)
    draw = rng.random()
    if draw < config.one_sided_share:
        return (strong,)
    if draw < config.one_sided_share + config.lopsided_share:
        return strong, replace(weak, amplitude=amplitude * rng.uniform(*WEAKER_SIDE))
    return (Action(unit, amplitude),)


def blink(rng: np.random.Generator, onset_s: float, eye_opening: float) -> Movement:
    """Shut quickly, opened more slowly."""
    duration_s = rng.uniform(0.15, 0.3)
    shut = (Action(45, rng.uniform(0.7, 0.95) * eye_opening),)
    apex_s = onset_s + duration_s * rng.uniform(0.3, 0.45)
    return Movement(onset_s, apex_s, onset_s + duration_s, shut, MovementKind.BLINK, "")
