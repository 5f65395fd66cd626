"""The overlay: one annotator per layer, drawn in this order over a copy of the frame.

    heat      how far the face moved in the last event, with the scale in pixels
    outline   a light contour of each face, its number and flags
    regions   how much each region of the face moves now
    strip     the score over the last seconds, the threshold, the events
    events    the last candidates: label, confidence, kind, class bars
    hud       measured rate, age, drops, backend, recording, notes
    help      the keys

Each can be left out by name. The result depends on the state and the frame alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from realtime.errors import ConfigError
from realtime.overlay.draw import BgrImage, Box, Canvas
from realtime.overlay.face import draw_outline, draw_regions
from realtime.overlay.heat import draw_heat
from realtime.overlay.panels import HUD_HEIGHT, draw_events, draw_help, draw_hud
from realtime.overlay.state import Hud, OverlayConfig, OverlayMemory, OverlayState, Track
from realtime.overlay.timeline import draw_strip

__all__ = [
    "DEFAULT_LAYERS",
    "LAYERS",
    "Hud",
    "OverlayConfig",
    "OverlayMemory",
    "OverlayState",
    "Track",
    "checked_layers",
    "draw",
]

STRIP_HEIGHT = 64  # units
COMPACT_STRIP_HEIGHT = 52


def _strip_box(canvas: Canvas) -> Box:
    height = canvas.px(COMPACT_STRIP_HEIGHT if canvas.compact else STRIP_HEIGHT)
    gap = canvas.px(5)
    return Box(gap, canvas.height - height - gap, canvas.width - 2 * gap, height)


def _heat(canvas: Canvas, state: OverlayState) -> None:
    draw_heat(canvas, state, bottom=_strip_box(canvas).top - canvas.px(5))


def _strip(canvas: Canvas, state: OverlayState) -> None:
    draw_strip(canvas, state, _strip_box(canvas))


def _events(canvas: Canvas, state: OverlayState) -> None:
    bottom = _strip_box(canvas).top - canvas.px(5)
    draw_events(canvas, state, top=canvas.px(HUD_HEIGHT) + canvas.px(5), bottom=bottom)


Annotator = Callable[[Canvas, OverlayState], None]
LAYERS: dict[str, Annotator] = {
    "heat": _heat,
    "outline": draw_outline,
    "regions": draw_regions,
    "strip": _strip,
    "events": _events,
    "hud": draw_hud,
    "help": draw_help,
}
DEFAULT_LAYERS = frozenset(LAYERS) - {"help"}


def checked_layers(names: Collection[str]) -> frozenset[str]:
    """The names as a set. Raises: ConfigError for one that is no layer, naming those that are."""
    unknown = sorted(set(names) - set(LAYERS))
    if unknown:
        raise ConfigError(f"no overlay layer '{unknown[0]}'; there are {', '.join(LAYERS)}")
    return frozenset(names)


def draw(bgr: BgrImage, state: OverlayState, layers: Collection[str] = DEFAULT_LAYERS) -> BgrImage:
    """The frame with the wanted layers over it, as a new (height, width, 3) array; `bgr` is not touched."""
    canvas = Canvas(bgr.copy())
    for name, annotate in LAYERS.items():
        if name in layers:
            annotate(canvas, state)
    return canvas.bgr
