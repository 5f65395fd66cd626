"""Defaults < file < flags; what is wrong is named with what would be right."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.config import (
    Config,
    assignment,
    config_hash,
    load_config,
    merged,
    read_toml,
    to_toml,
    tomllib,
    updated,
)
from realtime.errors import ConfigError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Lens:
    focus_m: float = 1.5
    rings: tuple[float, ...] = (1.0, 2.0)
    size: tuple[int, int] = (640, 480)


@dataclass(frozen=True, slots=True)
class Room:
    name: str = "camera 0"
    folder: Path = Path("out")
    limit: float | None = None
    count: int = 3
    on: bool = True
    colour: Colour = Colour.RED
    mode: Literal["fast", "slow"] = "fast"
    lens: Lens = Lens()

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError(f"room.count must be at least 1, got {self.count}")


@dataclass(frozen=True, slots=True)
class House:
    room: Room = Room()


def changed(**room: object) -> House:
    return updated(House(), {"room": room}, where="house.toml")


# What a file may say


def test_values_come_as_the_annotation_wants_them() -> None:
    room = changed(
        folder="a/b", limit=2, colour="blue", mode="slow", lens={"rings": [1, 2, 3], "size": [1, 2]}
    ).room
    assert room.folder == Path("a/b")
    assert room.limit == 2.0 and isinstance(room.limit, float)
    assert room.colour is Colour.BLUE
    assert room.lens == Lens(1.5, (1.0, 2.0, 3.0), (1, 2))
    assert room.name == "camera 0"


@pytest.mark.parametrize(
    "room, message",
    [
        ({"cuont": 2}, r"house.toml: unknown key 'room.cuont'; valid in \[room\]: name, folder, .*lens"),
        ({"lens": {"f": 1}}, r"unknown key 'room.lens.f'; valid in \[room.lens\]: focus_m, rings, size"),
        ({"count": "two"}, "'room.count' must be a whole number, got 'two'"),
        ({"count": 2.5}, "must be a whole number, got 2.5"),
        ({"count": True}, "must be a whole number, got True"),
        ({"limit": "x"}, "must be a number"),
        ({"on": 1}, "must be true or false, got 1"),
        ({"name": 5}, "must be text"),
        ({"colour": "green"}, "one of 'red', 'blue', got 'green'"),
        ({"mode": "idle"}, "one of 'fast', 'slow', got 'idle'"),
        ({"lens": {"size": [1, 2, 3]}}, "a list of 2, each a whole number"),
        ({"lens": {"rings": [1, "b"]}}, "a list, each a number"),
        ({"lens": {"rings": 4}}, "a list, each a number"),
        ({"lens": 4}, "'room.lens' must be a table, got 4"),
        ({"count": 0}, "house.toml: room.count must be at least 1, got 0"),
    ],
)
def test_what_is_wrong_is_named(room: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        changed(**room)


# Files and flags


def test_flags_stand_over_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "flinch.toml"
    file.write_text("[ring]\nseconds = 5\nmax_mb = 10\n")
    ring = load_config(file, {"ring": {"max_mb": 20.0}}).ring
    assert (ring.seconds, ring.max_mb, ring.ahead_s) == (5.0, 20.0, Config().ring.ahead_s)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"[ring]\nsecond = 5", "flinch.toml: unknown key 'ring.second'; valid in .ring.: seconds"),
        (b"[rings]\nseconds = 5", "unknown key 'rings'; valid: .*ring"),
        (b"[ring]\nseconds = 500", "flinch.toml: ring.seconds.*outside 0 to 60 s"),
        (b"ring seconds", "flinch.toml is not valid TOML.*line 1"),
        (b"\xff\xfe\x00", "flinch.toml is not valid TOML"),
    ],
)
def test_a_bad_file_is_one_line_naming_it(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "flinch.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(file, {})
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent.toml: No such file"):
        load_config(tmp_path / "absent.toml", {})
    with pytest.raises(ConfigError, match="Is a directory"):
        read_toml(tmp_path)


def test_an_unknown_flag_key_names_the_command_line() -> None:
    with pytest.raises(ConfigError, match="command line: unknown key 'ring.x'"):
        load_config(None, assignment("ring.x=1"))


@pytest.mark.parametrize(
    "text, table",
    [
        ("ring.seconds=3", {"ring": {"seconds": 3}}),
        ("ring.seconds = 3.5", {"ring": {"seconds": 3.5}}),
        ("a.b.c=[1, 2]", {"a": {"b": {"c": [1, 2]}}}),
        ("source.camera=front door", {"source": {"camera": "front door"}}),
        ("source.url=rtsp://h/p?a=b", {"source": {"url": "rtsp://h/p?a=b"}}),
        ("room.on=true", {"room": {"on": True}}),
    ],
)
def test_assignments_on_the_command_line(text: str, table: dict[str, object]) -> None:
    assert assignment(text) == table


@pytest.mark.parametrize("text", ["ring.seconds", "=3", ""])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="TABLE.KEY=VALUE"):
        assignment(text)


def test_merging_keeps_both_tables_keys() -> None:
    below = {"a": {"x": 1, "y": 1}, "b": 1}
    assert merged(below, {"a": {"y": 2}, "c": {"z": 3}}) == {"a": {"x": 1, "y": 2}, "b": 1, "c": {"z": 3}}
    assert below == {"a": {"x": 1, "y": 1}, "b": 1}


# Printing


def test_the_printed_config_loads_back_to_the_same(tmp_path: Path) -> None:
    config = load_config(None, {"ring": {"seconds": 7.25}})
    file = tmp_path / "printed.toml"
    file.write_text(to_toml(config))
    assert load_config(file, {}) == config


@given(
    name=st.text(),
    limit=st.floats(allow_nan=False, allow_infinity=False),
    count=st.integers(1, 2**62),
    rings=st.lists(st.floats(allow_nan=False, allow_infinity=False)),
)
def test_every_value_survives_printing(name: str, limit: float, count: int, rings: list[float]) -> None:
    room = Room(name=name, limit=limit, count=count, on=False, lens=Lens(rings=tuple(rings)))
    assert updated(House(), tomllib.loads(to_toml(House(room))), where="printed") == House(room)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_numbers_are_finite(value: str) -> None:
    with pytest.raises(ConfigError, match=f"'room.limit' must be a number, got {value}"):
        updated(House(), tomllib.loads(f"[room]\nlimit = {value}"), where="file")


def test_what_is_not_set_stands_as_a_comment() -> None:
    assert "# limit is not set" in to_toml(House())
    assert updated(House(), tomllib.loads(to_toml(House())), where="printed") == House()


def test_the_hash_follows_the_settings_and_nothing_else() -> None:
    assert config_hash(House()) == config_hash(changed(count=3))
    assert config_hash(House()) != config_hash(changed(count=4))
    assert len(config_hash(House())) == 16


def test_every_table_of_the_real_config_prints_and_loads() -> None:
    config = Config()
    assert updated(config, tomllib.loads(to_toml(config)), where="printed") == config
    for field in fields(config):
        assert f"[{field.name}]" in to_toml(config)
        assert replace(config, **{field.name: getattr(config, field.name)}) == config
