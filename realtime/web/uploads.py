"""Files that a visitor sends: looked at before anything decodes them, kept under a random name, deleted soon.

A name that a stranger chose is only ever shown. What a file is, its first bytes say; playlists and other
descriptions that would make a decoder open something else are refused there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from realtime.errors import ClipRejected, ConfigError
from realtime.recording.recorder import utc_now
from realtime.recording.session_format import is_session
from realtime.sizes import MB
from realtime.sources.container import container_of

TITLE_LENGTH = 80
PREFIX = "flinch-uploads-"
UNTAKEN_S = 1_800.0


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How much one visitor may send at once."""

    clip_mb: float = 500.0
    clips: int = 20

    def __post_init__(self) -> None:
        if not self.clip_mb > 0 or self.clips < 1:
            raise ConfigError("uploads: clip_mb must be above 0 and clips at least 1")


@dataclass(frozen=True, slots=True)
class Clip:
    """Something to analyse, and what to call it."""

    title: str
    path: Path
    ours: bool  # a copy of ours, deleted once it is done; else a file of the --clips folder, only read

    def remove(self) -> None:
        if self.ours:
            self.path.unlink(missing_ok=True)


class Uploads:
    """The folder of what was sent, closed to others. `close` deletes it with everything in it.

    What a server that was killed left behind is deleted by the next one.
    """

    def __init__(self, limits: UploadLimits = UploadLimits()) -> None:
        self.limits = limits
        delete_left_behind(Path(tempfile.gettempdir()))
        self._folder = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")  # mode 0700
        self.folder = Path(self._folder.name)

    def received(self) -> Path:
        """Where the page's library puts what comes in, until it is taken."""
        folder = self.folder / "received"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def forget_untaken(self, older_s: float = UNTAKEN_S) -> None:
        """Deletes what came in and was never asked to be analysed."""
        newest = utc_now().timestamp() - older_s
        for path in self.received().glob("*/*"):
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < newest:
                    path.unlink()
                    path.parent.rmdir()

    def take(self, sent: Path) -> Clip:
        """Moves a sent file here under a random name.

        Raises: ClipRejected in one line with the name it was sent under; the file is deleted.
        """
        title = title_of(sent.name)
        place = self.folder / secrets.token_hex(16)
        try:
            with told_as(title, sent):
                checked(sent, self.limits)
                shutil.move(sent, place)
        finally:
            sent.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # the folder it was received in, once it is empty
                sent.parent.rmdir()
        place.chmod(0o600)
        return Clip(title, place, ours=True)

    def scratch(self) -> Path:
        """A place for a file that nobody else knows."""
        return self.folder / secrets.token_hex(16)

    def close(self) -> None:
        self._folder.cleanup()


def delete_left_behind(temporary: Path) -> None:
    """Folders of servers that are not running any more, where they are ours."""
    for folder in temporary.glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            mine = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
            if mine and owner.isdecimal() and not is_running(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def checked(path: Path, limits: UploadLimits) -> str:
    """The container's name. Raises: ClipRejected when it is too large or no video, in words with its path."""
    size_mb = path.stat(follow_symlinks=False).st_size / MB
    if path.is_symlink() or not path.is_file():
        raise ClipRejected(f"{path}: it is no regular file; give a video file")
    if size_mb > limits.clip_mb:
        raise ClipRejected(f"{path}: {size_mb:.0f} MB; {limits.clip_mb:g} MB is the most for one clip")
    return container_of(path)


def listed(folder: Path, name: str) -> Clip:
    """The clip or session `name` of the --clips folder. Raises: ClipRejected when it is not in there."""
    path = folder / name
    if Path(name).name != name or name in ("", ".", "..") or path.resolve().parent != folder.resolve():
        raise ClipRejected(f"{title_of(name)}: not in the folder of clips; reload the page")
    if not is_session(path):
        with told_as(title_of(name), path):
            container_of(path)
    return Clip(title_of(name), path, ours=False)


def title_of(name: str) -> str:
    """The last part of a name, without what cannot be shown, and not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    if len(shown) > TITLE_LENGTH:
        shown = f"{shown[: TITLE_LENGTH - 12]}…{shown[-11:]}"
    return shown or "clip"


@contextlib.contextmanager
def told_as(title: str, path: Path) -> Iterator[None]:
    """Errors name the title instead of where the file really lies."""
    try:
        yield
    except ClipRejected as error:
        raise ClipRejected(str(error).replace(str(path), title)) from None
    except OSError as error:
        raise ClipRejected(f"{title}: it cannot be read ({error.strerror})") from None
