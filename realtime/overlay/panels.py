"""The panels beside the face: figures along the top, the last candidates, the keys."""

from __future__ import annotations

from realtime.clock import NS_PER_MS, seconds
from realtime.overlay.draw import (
    AMBER,
    FAINT,
    LABEL_COLOURS,
    MUTED,
    RED,
    TEAL,
    WHITE,
    Box,
    Canvas,
    Colour,
    disc,
    panel,
    shortened,
    text,
    text_width,
)
from realtime.overlay.state import Hud, OverlayState
from realtime.types import LABELS, Event

HUD_HEIGHT = 20  # units
CARD_WIDTH = 160
COMPACT_CARD_WIDTH = 118
MOST_COMPACT_CARDS = 3
CARD_HEIGHT = 68  # with class bars
ROW_HEIGHT = 29  # without
KEYS = (
    ("space", "pause and go on"),
    ("left, right", "pause and step a frame"),
    ("up, down", "pause and go a second"),
    ("R", "record"),
    ("E", "mark this moment"),
    ("O", "overlays on, off"),
    ("H", "figures on, off"),
    ("B", "measure the baseline anew"),
    ("?", "these keys"),
    ("Q, Esc", "quit"),
)
NOTES = {"low_fps": "under 25 fps: short movements may be missed"}  # other notes are shown as they are

Word = tuple[str, Colour]


def draw_hud(canvas: Canvas, state: OverlayState) -> None:
    """Along the top: measured rate, age, drops by cause, backend; to the right what is being done."""
    hud = state.hud
    gap, height = canvas.px(6), canvas.px(HUD_HEIGHT)
    panel(canvas, Box(0, 0, canvas.width, height), radius=0)
    base = canvas.px(14)
    right = canvas.width - gap
    for word, colour in _doings(hud):
        right -= text(canvas, word, (right, base), colour=colour, bold=True, align=1.0)
        if colour is RED:
            right -= canvas.px(10)
            disc(canvas.bgr, (right, height / 2), canvas.px(3.5), RED)
        right -= canvas.px(10)
    left = gap
    for word, colour in figures(hud):
        if left + text_width(canvas, word) > right:
            break
        left += text(canvas, word, (left, base), colour=colour) + canvas.px(12)
    _draw_notes(canvas, hud, height)


def figures(hud: Hud) -> list[Word]:
    """The figures along the top, most wanted first."""
    rate = "-- fps" if hud.fps is None else f"{hud.fps:.1f} fps"
    age = [] if hud.age_ms is None else [(f"{hud.age_ms:.0f} ms", WHITE)]
    lost = [f"{count} {cause.replace('_', ' ')}" for cause, count in sorted(hud.drops.items()) if count]
    drops = ("dropped: " + ", ".join(lost), AMBER) if lost else ("no drops", MUTED)
    about = [(word, MUTED) for word in (hud.backend, hud.source) if word]
    return [(rate, WHITE), *age, drops, *about]


def _doings(hud: Hud) -> list[Word]:
    """From the right edge inwards."""
    doings: list[Word] = []
    if hud.recorded_s is not None:
        minutes, rest = divmod(int(hud.recorded_s), 60)
        doings.append((f"REC {minutes:02d}:{rest:02d}", RED))
    if hud.paused:
        doings.append(("PAUSED", AMBER))
    return doings


def _draw_notes(canvas: Canvas, hud: Hud, top: int) -> None:
    for note in hud.notes[:3]:
        words = shortened(canvas, NOTES.get(note, note), canvas.width - canvas.px(24), cap=7)
        width = text_width(canvas, words, cap=7) + canvas.px(14)
        box = Box((canvas.width - width) // 2, top + canvas.px(4), width, canvas.px(16))
        panel(canvas, box, radius=8)
        text(canvas, words, (canvas.width // 2, box.top + canvas.px(11)), cap=7, colour=AMBER, align=0.5)
        top = box.bottom


def draw_events(canvas: Canvas, state: OverlayState, top: int, bottom: int) -> None:
    """The last candidates down the right side, newest first; the newest with its class bars."""
    if not state.events:
        return
    gap = canvas.px(5)
    width = canvas.px(COMPACT_CARD_WIDTH if canvas.compact else CARD_WIDTH)
    left = canvas.width - width - gap
    shown = list(reversed(state.events))[: MOST_COMPACT_CARDS if canvas.compact else None]
    for number, event in enumerate(shown):
        height = canvas.px(CARD_HEIGHT if number == 0 else ROW_HEIGHT)
        if top + height > bottom:
            break
        card = Box(left, top, width, height)
        _draw_card(canvas, card, event, whole=number == 0)
        top += height + canvas.px(3)


def _draw_card(canvas: Canvas, card: Box, event: Event, *, whole: bool) -> None:
    colour = LABEL_COLOURS[event.label]
    panel(canvas, card, opacity=0.74 if whole else 0.64)
    edge = canvas.part(Box(card.left, card.top + canvas.px(5), canvas.px(2), card.height - canvas.px(10)))
    edge[:] = colour
    left, right = card.left + canvas.px(9), card.right - canvas.px(7)
    base = card.top + canvas.px(12)
    after = left + canvas.px(7) + text(canvas, event.label, (left, base), colour=colour, bold=whole)
    text(canvas, f"{event.confidence:.0%}", (right, base), align=1.0, bold=whole)
    if not canvas.compact:
        text(canvas, f"at {seconds(event.onset_ns):.1f} s", (after, base), cap=6.5, colour=MUTED)
    base += canvas.px(12)
    text(canvas, f"{event.kind.value} candidate", (left, base), cap=6.5, colour=MUTED)
    if not canvas.compact:
        lasted_ms = (event.offset_ns - event.onset_ns) / NS_PER_MS
        text(canvas, f"{lasted_ms:.0f} ms", (right, base), cap=6.5, colour=MUTED, align=1.0)
    if whole:
        for label, probability in zip(LABELS, event.probabilities, strict=True):
            base += canvas.px(12)
            _draw_bar(canvas, label, probability, left, right, base)


def _draw_bar(canvas: Canvas, label: str, probability: float, left: int, right: int, base: int) -> None:
    text(canvas, label, (left, base), cap=6.5, colour=MUTED)
    start, height = left + canvas.px(52), canvas.px(4)
    full = max(1, right - start)
    panel(canvas, Box(start, base - height, full, height), colour=FAINT, opacity=0.7, radius=2)
    filled = round(full * min(1.0, max(0.0, probability)))
    if filled > 0:
        box = Box(start, base - height, filled, height)
        panel(canvas, box, colour=LABEL_COLOURS[label], opacity=1.0, radius=2)


def draw_help(canvas: Canvas, state: OverlayState) -> None:
    """The keys, in the middle of the picture."""
    row, gap = canvas.px(17), canvas.px(14)
    column = gap + max(text_width(canvas, key, bold=True) for key, _ in KEYS)
    words_width = max(text_width(canvas, words) for _, words in KEYS)
    box_width, box_height = 2 * gap + column + words_width, (len(KEYS) + 2) * row + gap
    box = Box((canvas.width - box_width) // 2, (canvas.height - box_height) // 2, box_width, box_height)
    panel(canvas, box, opacity=0.86, radius=8)
    base = box.top + row
    text(canvas, "Keys", (box.left + gap, base), bold=True)
    for key, words in KEYS:
        base += row
        text(canvas, key, (box.left + gap, base), colour=TEAL, bold=True)
        text(canvas, words, (box.left + gap + column, base))
    base += row
    text(canvas, "Candidates, never verdicts.", (box.left + gap, base), cap=7, colour=MUTED)
