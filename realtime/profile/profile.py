"""The profile file: one camera and one person at rest, as JSON.

A profile reaches the spotter only as settings (`tables`), so it is part of the configuration, of its hash
and of every recorded session: the same profile and the same frames give the same events.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from realtime.config import Config, updated
from realtime.errors import CalibrationError
from realtime.output.files import replace_file
from realtime.profile.camera_check import CameraReport
from realtime.profile.neutral import Neutral
from realtime.spotting.regions import REGIONS
from realtime.spotting.rest import MOST_PX

FORMAT = "flinch-profile"
VERSION = 1
MOST_BYTES = 1_000_000
NAME_LENGTH = 60
T = TypeVar("T", CameraReport, Neutral)
KINDS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "tuple[float, ...]": (list,)}


@dataclass(frozen=True, slots=True)
class Profile:
    """What was measured, of which source and when."""

    name: str
    source: str
    made: str  # wall-clock time in UTC, for people
    camera: CameraReport
    neutral: Neutral | None  # None: only the camera was looked at

    def tables(self) -> dict[str, Any]:
        """The settings it stands for. Raises: CalibrationError when it holds no person at rest."""
        if self.neutral is None:
            raise CalibrationError(
                f"profile '{self.name}' holds a camera but no face at rest; run calibration.neutral"
            )
        camera = {key: getattr(self.camera, key) for key in ("width", "height", "fps")}
        person_px = list(self.neutral.noise_px)
        return {"profile": {"name": self.name, **camera}, "spotting": {"rest": {"person_px": person_px}}}


def new_profile(name: str, source: str, camera: CameraReport, neutral: Neutral | None) -> Profile:
    made = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Profile(name[:NAME_LENGTH], source, made, camera, neutral)


def with_profile(config: Config, profile: Profile) -> Config:
    """The settings with this profile in use. Raises: CalibrationError."""
    return updated(config, profile.tables(), where=f"profile '{profile.name}'")


def save_profile(path: Path, profile: Profile) -> None:
    """Replaces the file in one step. Raises: OutputError."""
    neutral = profile.neutral
    said = {
        "format": FORMAT,
        "version": VERSION,
        "name": profile.name,
        "source": profile.source,
        "made": profile.made,
        "camera": asdict(profile.camera),
        "neutral": None
        if neutral is None
        else {**asdict(neutral), "noise_px": dict(zip(REGIONS, neutral.noise_px, strict=True))},
    }
    replace_file(path, json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def load_profile(path: Path) -> Profile:
    """The profile in the file. Raises: CalibrationError in one line that names the file and what is wrong."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CalibrationError(f"profile {path}: larger than any profile; is it another file?")
        said = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(f"profile {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"profile {path} is not valid JSON: {error}") from error
    return _profile(said, f"profile {path}")


def _profile(said: Any, where: str) -> Profile:
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise CalibrationError(f"{where} is no Flinch profile; calibration.neutral makes one")
    if said.get("version") != VERSION:
        raise CalibrationError(f"{where}: format {said.get('version')}; this program reads {VERSION}")
    name, source, made = (said.get(key) for key in ("name", "source", "made"))
    if not (_is_text(name) and _is_text(source) and _is_text(made)):
        raise CalibrationError(f"{where}: name, source and made must be text")
    camera = _read(CameraReport, said.get("camera"), f"{where}: camera")
    if min(camera.width, camera.height) <= 0 or not camera.fps > 0:
        raise CalibrationError(f"{where}: camera: width, height and fps must be positive")
    neutral = None if said.get("neutral") is None else _neutral(said["neutral"], f"{where}: neutral")
    return Profile(name, source, made, camera, neutral)


def _neutral(said: Any, where: str) -> Neutral:
    noise = said.get("noise_px") if isinstance(said, Mapping) else None
    if not isinstance(noise, Mapping) or set(noise) != set(REGIONS):
        raise CalibrationError(f"{where}: noise_px must name each of the {len(REGIONS)} face regions once")
    values = [noise[region] for region in REGIONS]
    if not all(_is_number(value) and 0 < value < MOST_PX for value in values):
        raise CalibrationError(f"{where}: noise_px must lie over 0 and under {MOST_PX:g} pixels")
    return _read(Neutral, {**said, "noise_px": [float(value) for value in values]}, where)


def _read(kind: type[T], said: Any, where: str) -> T:
    """The dataclass from its JSON object: every key there, none unknown, numbers finite."""
    names = {field.name: field.type for field in fields(kind)}
    if not isinstance(said, Mapping) or set(said) != set(names):
        found = sorted(said) if isinstance(said, Mapping) else said
        raise CalibrationError(f"{where} must hold {', '.join(names)}, not {found}")
    for name, type_name in names.items():
        value = said[name]
        if not isinstance(value, KINDS[str(type_name)]) or (
            not isinstance(value, list) and not _is_number(value)
        ):
            raise CalibrationError(f"{where}: {name} must be a number, not {value!r}")
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in said.items()}
    return kind(**values)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
