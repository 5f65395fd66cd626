"""What a run says in words: the ready line, its events as they come, the status line, the last line."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from realtime.clock import seconds
from realtime.progress import Progress
from realtime.types import UNCLEAR, Event

WIDTH = 100  # of the status line, so that a shorter one covers the longer before it


def event_text(event: Event) -> str:
    """`candidate 3  12.100 to 12.433 s  micro  surprise 81 %  brow_left  [blink]`"""
    label = UNCLEAR if event.label == UNCLEAR else f"{event.label} {event.confidence:.0%}"
    span = f"{seconds(event.onset_ns):.3f} to {seconds(event.offset_ns):.3f} s"
    where = max(event.regions_px, key=lambda name: event.regions_px[name], default="")
    flags = f"[{' '.join(sorted(flag.value for flag in event.flags))}]" if event.flags else ""
    parts = [f"candidate {event.event}", f"face {event.face}", span, event.kind.value, label, where, flags]
    return "  ".join(part for part in parts if part)


def delivery_text(source: Mapping[str, object]) -> str:
    """What the source really delivers, as it describes itself: `demo: 640x480, 30.0 fps`."""
    fps = source.get("fps")
    said = [source.get("size_px"), f"{fps:.1f} fps" if isinstance(fps, float) else None]
    said += [source.get("fourcc"), source.get("container"), source.get("codec")]
    return f"{source.get('source')}: {', '.join(str(part) for part in said if part)}"


def notes_text(source: Mapping[str, object]) -> str:
    """What the source found wrong with itself, such as a truncated file; empty when nothing."""
    notes = source.get("notes")
    if not isinstance(notes, Mapping):
        return ""
    return "; ".join(f"{name}: {note}" for name, note in notes.items())


def frames_in(source: Mapping[str, object]) -> int | None:
    """How many frames a clip or session says it has; None where it says nothing."""
    said = source.get("declared_frames") or source.get("recorded_frames")
    return said if isinstance(said, int) else None


def lost_text(dropped: Mapping[str, int]) -> str:
    """`nothing lost`, or what was lost by cause."""
    lost = [f"{count} {cause}" for cause, count in dropped.items() if count]
    return f"lost: {', '.join(lost)}" if lost else "nothing lost"


def ready_text(source: str, model: Mapping[str, object]) -> str:
    return f"ready: {source}, {model['name']} on {model['backend']} {model['version']}"


def status_text(progress: Progress, age_p95_ms: float | None, *, recording: bool = False) -> str:
    """`  12.3 s  30.0 fps  age p95 24 ms  candidates 3  nothing lost  recording`"""
    fps = "-" if progress.analysed_fps is None else f"{progress.analysed_fps:.1f}"
    age = "-" if age_p95_ms is None else f"{age_p95_ms:.0f} ms"
    parts = [f"{progress.wall_s:6.1f} s", f"{fps} fps", f"age p95 {age}", f"candidates {progress.events}"]
    return "  ".join([*parts, lost_text(progress.dropped), *(["recording"] if recording else [])])


def ended_text(progress: Progress, out: Path | None) -> str:
    """`900 frames in 30.1 s (29.9 per second), 7 candidates, nothing lost; written to O`"""
    rate = f" ({progress.frames / progress.wall_s:.1f} per second)" if progress.wall_s > 0 else ""
    candidates = f"{progress.events} candidate{'' if progress.events == 1 else 's'}"
    where = "" if out is None else f"; written to {out}"
    frames = f"{progress.frames} frames in {progress.wall_s:.1f} s{rate}"
    return f"{frames}, {candidates}, {lost_text(progress.dropped)}{where}"


class StatusLine:
    """One line written over itself on a terminal, and lines that stay above it."""

    def __init__(self, screen: TextIO | None = None, paper: TextIO | None = None) -> None:
        self._screen: TextIO | None = sys.stderr if screen is None else screen
        self._paper: TextIO | None = sys.stdout if paper is None else paper
        self._shown = False

    @property
    def seen(self) -> bool:
        """There is a terminal; elsewhere only the lines that stay are written."""
        return self._screen is not None and self._screen.isatty()

    def show(self, text: str) -> None:
        if self._screen is not None and self.seen:
            self._screen.write(f"\r{text:<{WIDTH}}")
            self._screen.flush()
            self._shown = True

    def say(self, line: str) -> None:
        """A line that stays. Where nothing can be written the run goes on without words."""
        self.clear()
        if self._paper is None:
            return
        try:
            print(line, file=self._paper, flush=True)
        except BrokenPipeError:
            raise
        except OSError:
            self._paper = None

    def clear(self) -> None:
        if self._screen is not None and self._shown:
            self._screen.write(f"\r{'':<{WIDTH}}\r")
            self._screen.flush()
            self._shown = False
