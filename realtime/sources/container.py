"""Which container a file is, from its first bytes alone.

A stranger's file is never opened by its name or by the decoder's guess: a playlist named `.mp4` would
make the decoder open other files and addresses. The bytes decide, and what they name is opened with
exactly that demuxer, allowed to read local bytes only.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from realtime.errors import ClipRejected

HEAD_BYTES = 4096
READS = "Flinch reads mp4, mov, mkv, webm, avi, mpg, ts, gif, mjpeg, y4m, wmv, flv and ogv"

_STARTS = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x00\x00\x01\xb3", "mpegvideo"),
    (b"\xff\xd8\xff", "mjpeg"),
    (b"YUV4MPEG2 ", "yuv4mpegpipe"),
    (b"FLV\x01", "flv"),
    (b"OggS", "ogg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
)
_MOV_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_PLAYLISTS = tuple(
    b"#extm3u ffconcat v=0 [playlist] [reference] <?xml <mpd <smil <smooth <asx rtsptext file: http:// "
    b"https:// rtsp://".split()
) + (b"file ",)


def container_of(path: Path) -> str:
    """The demuxer's name for `path`, from its first bytes.

    Raises: ClipRejected in one line: missing, unreadable, a folder, empty, a playlist, text, unknown.
    """
    head = _head(path)
    if not head:
        raise ClipRejected(f"{path}: the file is empty (0 bytes); give a video file")
    known = _known(head)
    if known is not None:
        return known
    words = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if words.startswith(_PLAYLISTS):
        raise ClipRejected(
            f"{path}: it is a playlist or description, not a video; give the video file itself"
        )
    if _is_text(head):
        raise ClipRejected(f"{path}: it is text, not a video; {READS}")
    raise ClipRejected(f"{path}: it is no video of a known kind (it begins with {head[:4].hex()}); {READS}")


def cut_short(path: Path, container: str) -> str:
    """Words saying that the file is shorter than its outermost elements promise; empty if it is whole.

    Such a file is an interrupted download or copy, a full disk, a recorder that died. Kinds that
    promise nothing (mpg, ts, ogv ..) always count as whole.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if container == "gif":
            file.seek(max(0, size - 64))
            whole = file.read().rstrip(b"\0").endswith(b";")
            return "" if whole else "the file is cut short (its end mark is missing)"
        walk = _WALKERS.get(container)
        promised = 0 if walk is None else max(walk(file, size), default=0)
    return f"the file is cut short ({size} of at least {promised} bytes)" if promised > size else ""


def _head(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ClipRejected(
                f"{path}: it is a folder without session.json; give a video or a recorded session"
            )
        if not stat.S_ISREG(mode):
            raise ClipRejected(f"{path}: it is no regular file; give a video file")
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise ClipRejected(f"{path}: no such file or folder") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClipRejected(f"{path}: it cannot be read ({reason})") from None


def _known(head: bytes) -> str | None:
    for start, container in _STARTS:
        if head.startswith(start):
            return container
    if head[4:8] in _MOV_BOXES:
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    for packet, first in ((188, 0), (192, 4)):  # plain transport stream; with 4 bytes of time before each
        if len(head) >= first + 3 * packet and all(head[first + i * packet] == 0x47 for i in range(3)):
            return "mpegts"
    return None


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == HEAD_BYTES  # cut inside the last character
    return True


def _mov_ends(file: BinaryIO, size: int) -> Iterator[int]:
    """Where each outermost box ends: 32-bit length and name, or length 1 and 64 bits; 0: to the end."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:
            return
        at += length
        yield at


def _riff_ends(file: BinaryIO, size: int) -> Iterator[int]:
    at = 0
    while at + 12 <= size:
        file.seek(at)
        header = file.read(8)
        length = int.from_bytes(header[4:8], "little")
        if header[:4] != b"RIFF" or length == 0:
            return
        at += 8 + length + length % 2
        yield at


def _matroska_ends(file: BinaryIO, size: int) -> Iterator[int]:
    """Ends of the EBML header and of the segment (unknown for a stream written live: nothing said)."""
    at = 0
    while at + 12 <= size:
        file.seek(at)
        header = file.read(12)
        id_bytes = _vint_bytes(header[0])
        size_bytes = _vint_bytes(header[id_bytes]) if id_bytes <= 4 else 9
        if size_bytes > 8:
            return
        field = header[id_bytes : id_bytes + size_bytes]
        unknown = (1 << (7 * size_bytes)) - 1
        length = int.from_bytes(field, "big") & unknown
        if length == unknown:
            return
        at += id_bytes + size_bytes + length
        yield at


def _vint_bytes(first: int) -> int:
    """Length of an EBML number: the zero bits before its first one, plus one."""
    return 9 - first.bit_length()


_WALKERS = {"mov": _mov_ends, "avi": _riff_ends, "matroska": _matroska_ends}
