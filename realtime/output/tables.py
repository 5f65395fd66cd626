"""The tables about the run itself: signal.csv, one row per frame and face, and summary.json.

Everything here is called from the `record` thread only: not thread-safe.
"""

from __future__ import annotations

import json
import math
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from realtime.clock import NS_PER_S, seconds
from realtime.output.files import LineFile, csv_line, fixed, make_folder, replace_file
from realtime.types import Analysis, SpotSignal

SIGNAL_NAME = "signal.csv"
SUMMARY_NAME = "summary.json"
SIGNAL_HEADER = ("frame", "time_s", "face", "score", "threshold", "quality", "armed")
BUFFER_LINES = 32  # a kill loses about a second of signal; events are never buffered
PACKAGES = ("numpy", "opencv-contrib-python", "mediapipe", "av", "numba", "onnxruntime", "openvino")


class SignalWriter:
    """Writes signal.csv as the frames pass: a row per face, or one row without a face.

    Times count from the first frame that was added. Raises: OutputError from every method.
    """

    def __init__(self, folder: Path) -> None:
        self._file = LineFile(make_folder(folder) / SIGNAL_NAME, buffer_lines=BUFFER_LINES)
        self._file.write(csv_line(SIGNAL_HEADER))
        self._file.flush()
        self._first_ns: int | None = None

    def add(self, analysis: Analysis) -> None:
        frame = analysis.frame
        if self._first_ns is None:
            self._first_ns = frame.t_ns
        start = [str(frame.index), fixed(seconds(frame.t_ns - self._first_ns), 6)]
        for signal in analysis.signals:
            self._file.write(csv_line(start + _signal_cells(signal)))
        if not analysis.signals:
            self._file.write(csv_line([*start, "", "", "", fixed(0.0, 4), "0"]))

    def close(self) -> None:
        """Idempotent."""
        self._file.close()


def _signal_cells(signal: SpotSignal) -> list[str]:
    reals = (signal.score, signal.threshold, signal.quality)
    return [str(signal.face), *(fixed(float(real), 4) for real in reals), str(int(signal.armed))]


@dataclass(slots=True)
class Tally:
    """What summary.json counts while the frames pass."""

    frames: int = 0
    first_ns: int = 0
    last_ns: int = 0
    faces: set[int] = field(default_factory=set)
    most_faces: int = 0
    frames_with_face: int = 0
    frames_armed: int = 0
    events: Counter[str] = field(default_factory=Counter)  # by kind
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, analysis: Analysis) -> None:
        if self.frames == 0:
            self.first_ns = analysis.frame.t_ns
        self.last_ns = analysis.frame.t_ns
        self.frames += 1
        self.faces.update(chip.face for chip in analysis.chips)
        self.most_faces = max(self.most_faces, len(analysis.chips))
        self.frames_with_face += bool(analysis.chips)
        self.frames_armed += any(signal.armed for signal in analysis.signals)
        for event in analysis.events:
            self.events[event.kind.value] += 1
            self.labels[event.label] += 1

    @property
    def fps(self) -> float | None:
        """Measured over the frames' own timestamps; n frames make n - 1 gaps."""
        span_ns = self.last_ns - self.first_ns
        return (self.frames - 1) * NS_PER_S / span_ns if span_ns > 0 else None

    def summary(self) -> dict[str, Any]:
        """The keys of summary.json that can be counted from the analyses alone."""
        return {
            "frames": self.frames,
            "faces": len(self.faces),
            "most_faces_at_once": self.most_faces,
            "frames_with_face": self.frames_with_face,
            "frames_armed": self.frames_armed,
            "fps": self.fps,
            "duration_s": seconds(self.last_ns - self.first_ns),
            "events": self.events.total(),
            "events_by_kind": dict(sorted(self.events.items())),
            "events_by_label": dict(sorted(self.labels.items())),
        }


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What summary.json says beyond what is counted."""

    source: Mapping[str, object]  # Source.describe(), its notes among it
    dropped: Mapping[str, int]  # windows and frames by cause
    wall_s: float
    stages: Mapping[str, Mapping[str, float]]  # StageTimes.summary()
    model: Mapping[str, object]  # name, SHA-256 and runner of the network
    config_hash: str
    profile: str = ""  # of calibration, in use; empty: none
    notes: tuple[str, ...] = ()


def write_summary(folder: Path, tally: Tally, facts: RunFacts) -> None:
    """Replaces summary.json in one step. Raises: OutputError."""
    summary = {
        **tally.summary(),
        "dropped": dict(sorted(facts.dropped.items())),
        "wall_s": facts.wall_s,
        "stages": facts.stages,
        "source": facts.source,
        "notes": list(facts.notes),
        "versions": versions(),
        "model": facts.model,
        "config_hash": facts.config_hash,
        "profile": facts.profile or None,
    }
    text = json.dumps(json_ready(summary), indent=2, ensure_ascii=False, allow_nan=False)
    replace_file(folder / SUMMARY_NAME, text + "\n")


def json_ready(value: Any) -> Any:
    """The value as JSON takes it: real numbers with six decimals, NaN as null, what is unknown as text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): json_ready(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(inner) for inner in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def versions() -> dict[str, str]:
    """Versions of Python and of every package whose results may differ between versions."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
