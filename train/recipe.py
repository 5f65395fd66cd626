"""A training recipe: named defaults in code, then one TOML file. An unknown key is an error."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine.causalnet import COMPACT, PUBLISHED, CausalNetConfig
from engine.errors import ConfigError
from train.ablations import ABLATIONS
from train.augment import NOTHING, AugmentConfig
from train.baselines import SYSTEMS, BaselineConfig
from train.prior.made_up import PriorConfig

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a training run but the data and the seed."""

    model: CausalNetConfig | BaselineConfig = COMPACT
    prior: PriorConfig = field(default_factory=PriorConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    epochs: int = 30
    batch: int = 64  # 0: all samples at once
    learning_rate: float = 5e-4
    one_cycle: bool = True  # otherwise the learning rate is constant
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    class_power: float = 0.5  # class weight = frequency ** -power: 0 none, 0.5 square root, 1 balanced
    symmetries: bool = True  # predictions are the mean over mirrored and time-reversed maps
    by_update: bool = False  # an epoch is one batch, so that predictions are kept after every update
    stop_when_right: bool = False  # once every sample of the left-out subject is right: only for `paper`

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 0 or self.learning_rate <= 0.0:
            raise ConfigError("epochs and learning_rate must be positive, batch not negative")
        if not 0.0 <= self.label_smoothing < 1.0:
            raise ConfigError(f"label_smoothing {self.label_smoothing} must lie in [0, 1)")


RECIPES = {
    "compact": Recipe(),
    # The compact size chosen as released: the best of 280 updates, stopped when the subject is all right.
    "compact-chosen": Recipe(
        epochs=280,
        by_update=True,
        learning_rate=2e-3,
        one_cycle=False,
        label_smoothing=0.0,
        symmetries=False,
        stop_when_right=True,
    ),
    # As released: random start, Adam 5e-5 without decay, full batch, 200 epochs, no augmentation or weights.
    "published": Recipe(
        model=PUBLISHED,
        prior=PriorConfig(steps=0),
        augment=NOTHING,
        epochs=200,
        batch=0,
        learning_rate=5e-5,
        one_cycle=False,
        weight_decay=0.0,
        label_smoothing=0.0,
        class_power=0.0,
        symmetries=False,
    ),
}
# The other systems: all of them learn alike, from random weights. The steps are few for the time they take;
# two had hardly begun to learn by then.
SLOWER = {"sgcn": 60, "srmcl": 45}
RECIPES |= {
    name: Recipe(
        model=BaselineConfig(name),
        prior=PriorConfig(steps=0),
        epochs=SLOWER.get(name, 15),
        learning_rate=2e-3,
    )
    for name in SYSTEMS
}
# CausalNet's parts left out or changed, from random weights too.
RECIPES |= {name: Recipe(model=config, prior=PriorConfig(steps=0)) for name, config in ABLATIONS.items()}


def load_recipe(name: str, path: Path | None = None) -> Recipe:
    """The named recipe with the file's keys in place of its own.

    Raises: ConfigError naming the file and the key.
    """
    if name not in RECIPES:
        raise ConfigError(f"unknown model {name!r}; give one of {', '.join(RECIPES)}")
    return RECIPES[name] if path is None else overridden(RECIPES[name], _read_toml(path), str(path))


def overridden(base: T, table: Mapping[str, Any], where: str) -> T:
    """A copy of the dataclass `base` with `table`'s values; nested tables for nested dataclasses."""
    known = {item.name for item in dataclasses.fields(base)}  # type: ignore[arg-type]
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(known))}")
        changes[key] = _converted(getattr(base, key), value, f"{where}: {key}")
    return dataclasses.replace(base, **changes)  # type: ignore[type-var]


def recipe_table(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain nested values that JSON can hold, for reports, model cards and hashes."""
    return json.loads(json.dumps(dataclasses.asdict(recipe)))


def fingerprint(table: Mapping[str, Any]) -> str:
    """Sixteen hex digits that change whenever a value does."""
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()[:16]


def _converted(old: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(old):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} is a table, not {value!r}")
        return overridden(old, value, where)
    if isinstance(old, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where} must be a finite number, not {value}")
    if isinstance(old, tuple) and isinstance(value, list):
        return tuple(value)
    if type(old) is not type(value):
        raise ConfigError(f"{where} must be like {old!r}, not {value!r}")
    return value


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"config file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config file {path} is not valid TOML: {error}") from error
