"""Who belongs where: one fixed, written table (split.csv), by person.

Roles: `training` for learned spotters, `tuning` for everything that is chosen by looking, `reporting` for
the figures that are published. No person has two roles.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from train.errors import DatasetError

SPLIT_FILE = Path(__file__).with_name("split.csv")
PARTS = ("still", "acting", "talking")
ROLES = ("training", "tuning", "reporting")


@dataclass(frozen=True, slots=True)
class Material:
    """A still or clip, under FLINCH_DATA/faces."""

    part: str  # still, acting, talking; untouched: too slow for insertions, or without a face
    file: str
    person: str
    role: str


def read_split() -> tuple[Material, ...]:
    with SPLIT_FILE.open(newline="", encoding="utf-8") as stream:
        return tuple(Material(**row) for row in csv.DictReader(stream))


def chosen(part: str, people: Collection[str]) -> list[Material]:
    """The material of one part; `people` are roles, or names of persons.

    `untouched` is every clip, whatever part it stands in. Raises: DatasetError if nothing is left.
    """
    rows = [row for row in read_split() if row.role in people or row.person in people]
    rows = [row for row in rows if (row.part != "still" if part == "untouched" else row.part == part)]
    if not rows:
        known = sorted({row.person for row in read_split() if row.part == part})
        raise DatasetError(
            f"--people {','.join(people)}: nobody of {part}; give {', '.join(ROLES)}, or persons such as "
            f"{', '.join(known[:3])} (train/synth/split.csv)"
        )
    return rows
