"""Every setting in one tree: defaults in code, then one TOML file, then flags.

Each room keeps its own frozen dataclass beside its code; `Config` only gathers them, so that a room's
new field is at once a key of the file, of `--set` and of `--print-config`. What a key may be is read
from the field's annotation; what it may hold is checked by the room's own `__post_init__`.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

from realtime.analyse import AnalyserConfig
from realtime.app.window import WindowConfig
from realtime.errors import ConfigError
from realtime.face.finder import FaceConfig
from realtime.flow import FlowConfig
from realtime.overlay.state import OverlayConfig
from realtime.profile.belongs import ProfileConfig
from realtime.recognition import RecognitionConfig
from realtime.recording.recorder import RecordingConfig
from realtime.ring import RingConfig
from realtime.sources.base import SourceConfig
from realtime.spotting.spotter import SpotterConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = Mapping[str, Any]
C = TypeVar("C")

NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Path: "a path"}


@dataclass(frozen=True, slots=True)
class Config:
    """All rooms' settings; each field is one `[table]` of the file."""

    sources: SourceConfig = SourceConfig()
    ring: RingConfig = RingConfig()
    face: FaceConfig = FaceConfig()
    analyser: AnalyserConfig = AnalyserConfig()
    spotting: SpotterConfig = SpotterConfig()
    profile: ProfileConfig = ProfileConfig()
    flow: FlowConfig = FlowConfig()
    recognition: RecognitionConfig = RecognitionConfig()
    recording: RecordingConfig = RecordingConfig()
    overlay: OverlayConfig = OverlayConfig()
    window: WindowConfig = WindowConfig()


def load_config(path: Path | None, flags: Table, *, base: Config | None = None) -> Config:
    """The base (or the defaults), overridden by the file, overridden by the flags (tables like the file's).

    Raises: ConfigError naming the file or flag, the key and what is valid there.
    """
    config = Config() if base is None else base
    if path is not None:
        config = updated(config, read_toml(path), where=str(path))
    return updated(config, flags, where="command line")


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables. Raises: ConfigError if it cannot be read or is no TOML."""
    try:
        return parse_toml(path.read_text(encoding="utf-8"), where=f"config file {path}")
    except OSError as error:
        raise ConfigError(f"config file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"config file {path} is not valid TOML: {error}") from error


def parse_toml(text: str, *, where: str) -> dict[str, Any]:
    """The text's tables. Raises: ConfigError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}") from error


def assignment(text: str) -> dict[str, Any]:
    """The table that `--set ring.seconds=3` stands for; a value that is no TOML is taken as text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"--set {text}: write it as TABLE.KEY=VALUE")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    for key in reversed(name.strip().split(".")):
        parsed = {key: parsed}
    return dict(parsed)


def merged(below: Table, above: Table) -> dict[str, Any]:
    """Both tables in one; where both have a value the one `above` stands."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        nested = isinstance(value, Mapping) and isinstance(old, Mapping)
        result[key] = merged(typing.cast(Table, old), value) if nested else value
    return result


def updated(config: C, table: Table, *, where: str, prefix: str = "") -> C:
    """`config` with the values of `table`, checked against its annotations; `where` is for the message."""
    hints = typing.get_type_hints(type(config))
    changes = {}
    for key, value in table.items():
        if key not in hints:
            place = f" in [{prefix[:-1]}]" if prefix else ""
            raise ConfigError(f"{where}: unknown key '{prefix}{key}'; valid{place}: {', '.join(hints)}")
        old = getattr(config, key)
        if is_dataclass(old):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{where}: '{prefix}{key}' must be a table, got {value!r}")
            changes[key] = updated(old, value, where=where, prefix=f"{prefix}{key}.")
        else:
            changes[key] = _checked(value, hints[key], f"{where}: '{prefix}{key}'")
    return _replaced(config, changes, where)


def _replaced(config: C, changes: Table, where: str) -> C:
    try:
        return replace(config, **changes)  # type: ignore[type-var]
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _checked(value: object, hint: Any, what: str) -> Any:
    try:
        return _converted(value, hint)
    except (TypeError, ValueError):
        raise ConfigError(f"{what} must be {_described(hint)}, got {value!r}") from None


def _converted(value: Any, hint: Any) -> Any:
    """`value` as `hint` wants it; TypeError or ValueError if it is something else."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _converted(value, next(each for each in arguments if each is not type(None)))
    if origin is tuple:
        return tuple(_converted(each, kind) for each, kind in _paired(value, arguments))
    if origin is Literal:
        return arguments[arguments.index(value)]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    expected = {float: (int, float), Path: (str, Path)}.get(hint, hint)
    if not isinstance(value, expected) or (isinstance(value, bool) and hint is not bool):
        raise TypeError
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError
    return hint(value)


def _paired(value: object, arguments: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    if not isinstance(value, (list, tuple)):
        raise TypeError
    kinds = arguments[:1] * len(value) if arguments[1:] == (...,) else arguments
    return zip(value, kinds, strict=True)


def _described(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _described(next(each for each in arguments if each is not type(None)))
    if origin is tuple:
        length = "" if arguments[1:] == (...,) else f" of {len(arguments)}"
        return f"a list{length}, each {_described(arguments[0])}"
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"one of {', '.join(repr(each.value) for each in hint)}"
    return NAMES.get(hint, str(hint))


def to_toml(config: object) -> str:
    """The whole tree as TOML that loads back to the same config; unset keys stand as comments."""
    lines: list[str] = []
    for prefix, table in _tables(config):
        lines += ["", f"[{prefix}]"] if prefix else []
        lines += [_line(key, value) for key, value in table.items()]
    return "\n".join(lines).strip() + "\n"


def config_hash(config: object) -> str:
    """The first 16 hex digits of the SHA-256 of `to_toml`: the same settings, the same hash."""
    return hashlib.sha256(to_toml(config).encode()).hexdigest()[:16]


def _tables(config: Any, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each dataclass of the tree with its dotted name and plain values, parents first."""
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    plain = {key: value for key, value in values.items() if not is_dataclass(value)}
    if plain:
        yield prefix, plain
    for key, value in values.items():
        if is_dataclass(value):
            yield from _tables(value, f"{prefix}.{key}" if prefix else key)


def _line(key: str, value: object) -> str:
    return f"# {key} is not set" if value is None else f"{key} = {_toml_value(value)}"


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml_value, value))}]"
    if isinstance(value, Enum):
        return _toml_value(value.value)
    if isinstance(value, (str, Path)):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
    return repr(value)
