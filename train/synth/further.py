"""Clips beside FLINCH_DATA that the learned spotter may also learn from: further.csv.

Each is published under a licence that allows it, in a public repository that the table names by commit and
path; none is needed for anything else, and nothing is downloaded here. Their people are in no other table:
`intel_want` alone is also in split.csv, and trains there too. Left out are the clips of the same source that
show `intel_book`, on whom the benchmark reports.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from engine.card import sha256
from train.errors import DatasetError
from train.synth.split import Material

FURTHER_FILE = Path(__file__).with_name("further.csv")
ROLE = "training"


@dataclass(frozen=True, slots=True)
class Source:
    """One row: what the clip is, and where anybody can get the same bytes."""

    part: str  # acting, talking
    file: str  # its name in the folder
    person: str
    repository: str  # on github.com
    commit: str
    path: str
    licence: str
    attribution: str  # must travel with pictures made from it
    sha256: str


def read_sources() -> tuple[Source, ...]:
    with FURTHER_FILE.open(newline="", encoding="utf-8") as stream:
        return tuple(Source(**row) for row in csv.DictReader(stream))


def further(folder: Path) -> list[Material]:
    """All of the table's clips, which must lie in `folder` under the names it gives.

    Raises: DatasetError where one is absent or other bytes than the table's.
    """
    return [Material(one.part, _checked(one, folder).name, one.person, ROLE) for one in read_sources()]


def _checked(source: Source, folder: Path) -> Path:
    path = folder / source.file
    where = f"take {source.path} of github.com/{source.repository} at {source.commit[:12]}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}; {where}, or leave --further out") from error
    if sha256(content) != source.sha256:
        raise DatasetError(f"{path} is not the file that {FURTHER_FILE.name} names; {where}")
    return path
