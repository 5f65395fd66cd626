"""The schema of the review file, version by version. A step that was released is never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from realtime.errors import ReviewError

APPLICATION_ID = 0x464C4E43  # "FLNC", in the header of the file

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        source TEXT NOT NULL,
        origin TEXT NOT NULL,
        started TEXT NOT NULL,
        folder TEXT UNIQUE,
        finished INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE events (
        session TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        event INTEGER NOT NULL,
        kind TEXT NOT NULL,
        label TEXT NOT NULL,
        confidence REAL,
        spot_score REAL,
        onset_ns INTEGER NOT NULL,
        flags TEXT NOT NULL,       -- ";blink;speech;": every flag stands between two semicolons
        record TEXT NOT NULL,      -- the event as it was found, JSON, exact
        decision INTEGER,          -- the one that holds; none: as it was found
        PRIMARY KEY (session, event)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE decisions (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        event INTEGER NOT NULL,
        previous INTEGER,          -- the decision that this one replaced
        decided TEXT NOT NULL,
        status TEXT NOT NULL,
        label TEXT NOT NULL,
        onset_frame INTEGER NOT NULL,
        apex_frame INTEGER NOT NULL,
        offset_frame INTEGER NOT NULL,
        onset_ns INTEGER NOT NULL,
        apex_ns INTEGER NOT NULL,
        offset_ns INTEGER NOT NULL,
        note TEXT NOT NULL,
        FOREIGN KEY (session, event) REFERENCES events(session, event) ON DELETE CASCADE
    ) STRICT;
    CREATE INDEX decisions_of_event ON decisions(session, event);
    CREATE TABLE evidence (
        session TEXT NOT NULL,
        event INTEGER NOT NULL,
        series TEXT NOT NULL,      -- JSON: frames, t_ns, scores, thresholds
        loop_mp4 BLOB NOT NULL,
        chips_png BLOB NOT NULL,
        heat_png BLOB NOT NULL,
        heat_range_px REAL NOT NULL,
        maps BLOB NOT NULL,        -- uint8, 4 x 28 x 28 x 3
        UNIQUE (session, event),
        FOREIGN KEY (session, event) REFERENCES events(session, event) ON DELETE CASCADE
    ) STRICT;
    """,
    """
    ALTER TABLE sessions ADD COLUMN subject TEXT NOT NULL DEFAULT '';
    """,
)


def migrate(connection: sqlite3.Connection, name: str, steps: Sequence[str] = MIGRATIONS) -> None:
    """Brings an empty or older file to the newest schema, all in one transaction or not at all.

    Raises: ReviewError when the file was made by a later version or by another program.
    """
    check_version(version_of(connection, name), name, len(steps))
    connection.execute("BEGIN IMMEDIATE")
    try:
        # asked again inside: another process may just have done it
        for number in range(version_of(connection, name), len(steps)):
            for statement in steps[number].split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def check_version(version: int, name: str, newest: int) -> None:
    """Raises: ReviewError for a file of a later version."""
    if version > newest:
        raise ReviewError(
            f"{name} was written by a later version of this program (schema {version}, this one knows "
            f"{newest}); it was left as it is: update the program or give another --data"
        )


def version_of(connection: sqlite3.Connection, name: str) -> int:
    """0 for a new, empty file. Raises: ReviewError for a file of another program."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise ReviewError(
            f"{name} is a database of another program; it was left as it is: give another --data"
        )
    return int(version)
