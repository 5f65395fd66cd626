"""One SQLite file, opened so that nothing that was said is lost and nothing foreign is touched.

WAL and a busy timeout let the page and a recording in another process write side by side; FULL makes
every decision last, deleted faces are overwritten (secure_delete) and their pages given back.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from realtime.errors import ReviewError
from realtime.review.migrations import MIGRATIONS, check_version, migrate, version_of

BUSY_S = 10.0
MEMORY = ":memory:"
HEADER = b"SQLite format 3\x00"


class Database:
    """One connection that several threads may use, one after another.

    Raises: ReviewError in one line from everything; a damaged, foreign or newer file is left as it is.
    """

    def __init__(self, path: Path | None, steps: Sequence[str] = MIGRATIONS) -> None:
        """`path` None: in memory only, nothing ever reaches the disk."""
        self.name = MEMORY if path is None else str(path)
        self._lock = threading.RLock()
        if path is not None:
            _checked(path, self.name, len(steps))
        with self._told():
            self._connection = sqlite3.connect(
                self.name, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
        try:
            with self._told():
                self._set_up(path)
                migrate(self._connection, self.name, steps)
        except BaseException:
            self._connection.close()
            raise
        if path is not None:
            path.chmod(0o600)

    def _set_up(self, path: Path | None) -> None:
        for pragma in (
            "auto_vacuum = INCREMENTAL",
            "secure_delete = ON",
            "foreign_keys = ON",
            "temp_store = MEMORY",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        if path is not None:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for a block of SELECTs."""
        with self._lock, self._told():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection within a transaction: all of the block is written, or nothing of it."""
        with self._lock, self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def reserve(self, size_bytes: int) -> None:
        """Takes now what a database in memory may fill, so that a long run stays as large as it began."""
        with self.writing() as connection:
            connection.execute("CREATE TABLE reserved (bytes BLOB)")
            connection.execute("INSERT INTO reserved VALUES (zeroblob(?))", (size_bytes,))
            connection.execute("DROP TABLE reserved")  # its pages stay with the connection

    def give_back(self) -> None:
        """Returns the pages of what was deleted, and empties the log that may still hold it."""
        with self.reading() as connection:
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @property
    def used_bytes(self) -> int:
        with self.reading() as connection:
            pages, free, size = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ReviewError(f"{self.name}: {_words(error)}") from error


def _words(error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text:
        return "another program has been writing to it for too long; try again"
    if "malformed" in text or "not a database" in text:
        return "the file is damaged; it was left as it is: restore a copy or give another --data"
    if "full" in text:
        return "the disk is full; what was said before stays: free some space"
    return text


def _checked(path: Path, name: str, newest: int) -> None:
    """Looks without writing. Raises: ReviewError for a file that must not be touched."""
    try:
        if not path.exists() or path.stat().st_size == 0:
            return
        with path.open("rb") as file:
            begins = file.read(len(HEADER))
    except OSError as error:
        raise ReviewError(f"{name}: {error.strerror}") from error
    if begins != HEADER:
        raise ReviewError(f"{name} is no database; it was left as it is: give another --data")
    try:
        with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_S) as looking:
            check_version(version_of(looking, name), name, newest)
            sound = looking.execute("PRAGMA quick_check(1)").fetchone()[0]
        looking.close()
    except sqlite3.Error as error:
        raise ReviewError(f"{name}: {_words(error)}") from error
    if sound != "ok":
        raise ReviewError(
            f"{name}: the file is damaged; it was left as it is: restore a copy or give another --data"
        )
