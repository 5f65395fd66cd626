"""How much of two intervals is the same."""

from __future__ import annotations

Span = tuple[float, float]  # beginning and end


def iou(one: Span, other: Span, *, step: float = 0) -> float:
    """Intersection over union, 0 to 1. `step` is 1 for frame numbers, where the last one belongs to it."""
    common = max(min(one[1], other[1]) - max(one[0], other[0]) + step, 0)
    together = one[1] - one[0] + other[1] - other[0] + 2 * step - common
    return common / together if together else 0.0
