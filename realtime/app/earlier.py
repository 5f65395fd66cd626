"""What an earlier run left in a folder that another one is about to write into."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from realtime.errors import OutputError
from realtime.output.events import CSV_NAME, EAF_NAME, JSONL_NAME, VTT_NAME
from realtime.output.files import dated_folder, make_folder, writing
from realtime.output.tables import SIGNAL_NAME, SUMMARY_NAME
from realtime.recording.session_format import ANNOTATED_NAME
from realtime.sources.demo import TRUTH_NAME

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

TABLES = (CSV_NAME, JSONL_NAME, VTT_NAME, EAF_NAME, SIGNAL_NAME, SUMMARY_NAME)


def results_in(folder: Path) -> list[Path]:
    """The files of an earlier run, none where there was none. Raises: OutputError."""
    with writing(folder):
        if not any((folder / name).is_file() for name in TABLES):
            return []
        return [path for name in (*TABLES, ANNOTATED_NAME, TRUTH_NAME) if (path := folder / name).is_file()]


def place_for(folder: Path, now: datetime) -> Path:
    """Where an earlier run's files may go: earlier-20261121-081530 in the folder."""
    return dated_folder(folder, "earlier", now)


class Hold:
    """A folder that one run writes into, and no other until it is let go. Raises: OutputError."""

    def __init__(self, folder: Path) -> None:
        self._open: int | None = None
        if fcntl is None:
            return
        with writing(folder):
            self._open = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._open, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise OutputError(
                f"cannot write {folder}: another run is writing there; give another --out"
            ) from None
        except OSError:  # a file system without locks
            self.release()

    def release(self) -> None:
        """Idempotent."""
        if self._open is not None:
            os.close(self._open)
            self._open = None


def cleared(folder: Path, into: Path | None) -> None:
    """The earlier run's files are moved `into` another folder, or go: none shall stand beside new ones.

    Raises: OutputError.
    """
    found = results_in(folder)
    if found and into is not None:
        make_folder(into)
    for path in found:
        with writing(path):
            if into is None:
                path.unlink()
            else:
                path.replace(into / path.name)
