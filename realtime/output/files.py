"""Writing that survives: whole lines at once, files replaced in one step, one clear error.

Not thread-safe: everything that writes lives on the `record` thread.
"""

from __future__ import annotations

import csv
import errno
import io
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from realtime.errors import OutputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what the system says about `path` into an OutputError of one line."""
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error


def output_error(path: Path, error: Exception) -> OutputError:
    """One line of what the system, or libav, says about `path`, and what to do."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    advice = "give another place to write to"
    if getattr(error, "errno", None) in FULL:
        advice = "what was written before stays; free some space or give another place"
    return OutputError(f"cannot write {path}: {reason}; {advice}")


def make_folder(folder: Path) -> Path:
    """The folder, made with its parents where it is missing.

    Raises: OutputError when it cannot be made or nothing can be written in it, before any work is done.
    """
    probe = folder / f".write-test-{os.getpid()}"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    return folder


def dated_folder(parent: Path, kind: str, time: datetime) -> Path:
    """A folder under `parent` that does not exist yet, named after the time: session-20261121-081530."""
    name = f"{kind}-{time:%Y%m%d-%H%M%S}"
    folder = parent / name
    number = 1
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    return folder


def check_place(path: Path) -> Path:
    """A file's path, once its folder is there and can be written to. Raises: OutputError."""
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; give the path of a file")
    make_folder(path.absolute().parent)
    return path


class LineFile:
    """A UTF-8 text file that grows by whole lines.

    A line is in the hands of the system when `write` returns (with `buffer_lines` = 1), so a killed
    process loses nothing. On a full disk the file is cut back to its last whole line.
    """

    def __init__(self, path: Path, *, buffer_lines: int = 1) -> None:
        self.path = path
        self._buffer_lines = buffer_lines
        self._pending: list[str] = []
        self._whole_bytes = 0
        with writing(path):
            self._file = path.open("wb", buffering=0)

    def write(self, line: str) -> None:
        """One line, given without its line end."""
        self._pending.append(line)
        if len(self._pending) >= self._buffer_lines:
            self.flush()

    def flush(self) -> None:
        if not self._pending:
            return
        data = encode("\n".join(self._pending) + "\n")
        # Emptied first: lines that did not fit are not tried again on close, which would fail there too.
        self._pending.clear()
        with writing(self.path):
            try:
                self._write_all(data)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._file.fileno(), self._whole_bytes)
                    self._file.seek(self._whole_bytes)
                raise
        self._whole_bytes += len(data)

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Idempotent; the file is closed even when the last lines do not fit."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            with writing(self.path):
                self._file.close()


def replace_file(path: Path, text: str) -> None:
    """Writes the whole file in one step: a reader sees the old one or the new one, never half of it.

    Raises: OutputError; the old file is then untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            temporary.write_bytes(encode(text))
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise


def encode(text: str) -> bytes:
    """UTF-8; the odd bytes that a file name may hold come out as escapes instead of stopping the run."""
    return text.encode("utf-8", errors="backslashreplace")


def fixed(value: float, decimals: int) -> str:
    """A real number with fixed decimals and a point in every locale; empty where there is none (NaN)."""
    return "" if math.isnan(value) else f"{value:.{decimals}f}"


def csv_line(cells: Iterable[str]) -> str:
    """One line of CSV (RFC 4180 quoting) without its line end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
