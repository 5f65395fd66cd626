"""The file: kills, damage, other programs, other versions, two writers, what is left of what was deleted."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.errors import ReviewError
from realtime.review.connection import Database
from realtime.review.migrations import MIGRATIONS
from realtime.review.records import Change, Query, Status
from realtime.review.store import Store
from tests.conftest import ROOT
from tests.realtime.review.conftest import filled, made_up_evidence

WRITES_FOR_EVER = """
import sys
from pathlib import Path
from realtime.review.records import Change, Origin, Status
from realtime.review.store import Store
from tests.realtime.made_up import made_up
from tests.realtime.review.conftest import made_up_evidence
store, number, evidence = Store(Path(sys.argv[1])), 0, made_up_evidence()
session = store.add_session("killed", "demo", Origin.LIVE)
while True:
    ref = store.add_event(session.id, made_up(number), evidence)
    store.decide(ref, Change(status=Status.ACCEPTED, note=str(number)))
    number += 1
    print(number, flush=True)
"""


def test_a_kill_loses_nothing_that_was_said(tmp_path: Path) -> None:
    path = tmp_path / "flinch.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", WRITES_FOR_EVER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    told = 0
    while told < 12:
        told = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    told = max([told, *(int(line) for line in child.stdout.read().splitlines())])
    child.wait()
    child.stdout.close()
    with Store(path) as store:
        found = store.candidates(Query(statuses=("accepted",), limit=-1))
        assert len(found) >= told
        assert [one.review.note for one in found[:told]] == [str(number) for number in range(told)]
        assert all(store.evidence(one.ref) is not None for one in found[:told])


def damaged(path: Path) -> None:
    with Store(path) as store:
        filled(store)
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    with Store(path) as store:
        filled(store)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def newer(path: Path) -> None:
    Database(path, (*MIGRATIONS, "CREATE TABLE tomorrow (x)")).close()


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()


def text(path: Path) -> None:
    path.write_text("dear diary, this is certainly not a database")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (damaged, "the file is damaged; it was left as it is"),
        (cut_short, "the file is damaged; it was left as it is"),
        (newer, r"written by a later version of this program \(schema 3, this one knows 2\)"),
        (foreign, "is a database of another program; it was left as it is"),
        (text, "is no database; it was left as it is"),
    ],
)
def test_a_file_we_cannot_use_is_told_in_one_line_and_kept(tmp_path: Path, make, words: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "flinch.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(ReviewError, match=words) as told:
        Store(path)
    assert "\n" not in str(told.value)
    assert str(path) in str(told.value)
    assert path.read_bytes() == before


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="Is a directory"):
        Store(tmp_path)


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "flinch.sqlite"
    old = Database(path, MIGRATIONS[:1])
    with old.writing() as sql:
        sql.execute("INSERT INTO sessions VALUES ('00aa', 'old', 'demo', 'live', '2026-01-01', NULL, 1)")
    old.close()
    with Store(path) as store:
        (session,) = store.sessions()
        assert (session.name, session.subject) == ("old", "")


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "flinch.sqlite"
    Database(path, MIGRATIONS[:1]).close()
    with pytest.raises(ReviewError, match="no such table"):
        Database(path, (*MIGRATIONS, "CREATE TABLE more (x);\nDROP TABLE nowhere"))
    with Store(path) as store:
        assert store.sessions() == ()


def test_two_writers_do_not_lose_each_others_decisions(tmp_path: Path) -> None:
    path = tmp_path / "flinch.sqlite"
    with Store(path) as mine, Store(path) as theirs:
        one, two, _ = filled(mine)
        theirs.decide(one, Change(status=Status.ACCEPTED))
        mine.decide(two, Change(status=Status.REJECTED))
        assert mine.candidate(one).review.status is Status.ACCEPTED
        assert theirs.candidate(two).review.status is Status.REJECTED


def test_two_at_the_same_time_both_shift(tmp_path: Path) -> None:
    path = tmp_path / "flinch.sqlite"
    with Store(path) as mine, Store(path) as theirs:
        ref, _, _ = filled(mine)
        for store in (mine, theirs) * 3:
            store.shift(ref, "onset", -1)
        assert theirs.candidate(ref).review.onset_frame == 24


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "flinch.sqlite"
    Store(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_deleted_is_gone_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "flinch.sqlite"
    chips = made_up_evidence().chips_png[200:264]
    with Store(path) as store:
        one, _, other = filled(store)
        store.delete_session(one.session)
        left = path.read_bytes() + b"".join(file.read_bytes() for file in tmp_path.glob("*-wal"))
        assert chips not in left
        assert [found.ref for found in store.candidates()] == [other]


def test_what_is_reserved_is_filled_before_anything_grows() -> None:
    database = Database(None)
    database.reserve(2_000_000)
    with database.reading() as sql:
        pages, free = (
            sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count")
        )
    assert free * 4096 >= 1_900_000 and database.used_bytes < 200_000
    with database.writing() as sql:
        sql.execute("CREATE TABLE filled (bytes BLOB)")
        sql.execute("INSERT INTO filled VALUES (zeroblob(1500000))")
    with database.reading() as sql:
        assert sql.execute("PRAGMA page_count").fetchone()[0] == pages
    database.close()
