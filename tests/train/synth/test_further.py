from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.card import sha256
from train.errors import DatasetError
from train.synth import further as room
from train.synth.further import ROLE, Source, further, read_sources
from train.synth.split import read_split


def test_nobody_of_tuning_or_reporting_is_learnt_from() -> None:
    sources, roles = read_sources(), {row.person: row.role for row in read_split()}
    assert {roles.get(one.person, ROLE) for one in sources} == {ROLE}
    stems = {Path(one.file).stem for one in sources}
    assert len(stems) == len(sources)  # tracks are kept by stem
    assert not stems & {Path(row.file).stem for row in read_split()}


def test_every_licence_allows_it_and_every_clip_can_be_found_again() -> None:
    for one in read_sources():
        assert one.licence in ("CC-BY-4.0", "Apache-2.0", "public domain") and one.attribution
        assert len(one.commit) == 40 and one.repository.count("/") == 1 and one.path
        assert len(one.sha256) == 64


def _one_clip(monkeypatch: pytest.MonkeyPatch, content: bytes) -> Source:
    source = replace(read_sources()[0], sha256=sha256(content))
    monkeypatch.setattr(room, "read_sources", lambda: (source,))
    return source


def test_the_clip_that_the_table_means_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _one_clip(monkeypatch, b"a clip")
    (tmp_path / source.file).write_bytes(b"a clip")
    (found,) = further(tmp_path)
    assert (found.part, found.file, found.person, found.role) == (
        source.part, source.file, source.person, "training",
    )  # fmt: skip


def test_another_file_of_its_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _one_clip(monkeypatch, b"a clip")
    (tmp_path / source.file).write_bytes(b"another")
    with pytest.raises(DatasetError, match=f"{source.file} is not the file .*{source.path}"):
        further(tmp_path)


def test_an_absent_one_says_where_it_is_to_be_had(tmp_path: Path) -> None:
    first = read_sources()[0]
    with pytest.raises(DatasetError, match=f"{first.file}.*{first.path} of github.com/{first.repository}"):
        further(tmp_path)
