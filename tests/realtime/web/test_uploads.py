"""What a stranger's file may be called, how large it may be, and what is never opened."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.errors import ClipRejected, ConfigError
from realtime.web.uploads import PREFIX, UploadLimits, Uploads, delete_left_behind, listed, title_of

GIF = b"GIF89a" + b"\0" * 100


@pytest.fixture
def uploads():
    made = Uploads(UploadLimits(clip_mb=0.001))
    yield made
    made.close()


def sent(tmp_path: Path, name: str, content: bytes) -> Path:
    """As the page's library receives it: in a folder of its own."""
    folder = tmp_path / "received"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_a_clip_is_moved_under_a_random_name_that_only_we_can_read(uploads, tmp_path):
    clip = uploads.take(sent(tmp_path, "me & you.gif", GIF))
    assert clip.title == "me & you.gif" and clip.ours
    assert clip.path.parent == uploads.folder and len(clip.path.name) == 32 and "me" not in clip.path.name
    assert clip.path.read_bytes() == GIF
    assert stat.S_IMODE(clip.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(uploads.folder.stat().st_mode) == 0o700
    assert not (tmp_path / "received").exists()
    clip.remove()
    assert list(uploads.folder.iterdir()) == []


def test_everything_is_gone_when_it_is_closed(tmp_path):
    uploads = Uploads()
    uploads.take(sent(tmp_path, "a.gif", GIF))
    uploads.close()
    assert not uploads.folder.exists()


@pytest.mark.parametrize(
    "name, content, why",
    [
        ("list.m3u8", b"#EXTM3U\n/etc/passwd\n", "playlist"),
        ("film.mp4", b"#EXTM3U\nfile:///etc/passwd\n", "playlist"),
        ("concat.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        ("dash.mpd", b'<?xml version="1.0"?><MPD></MPD>', "playlist"),
        ("sdp.mp4", b"rtsp://10.0.0.1/secret", "playlist"),
        ("text.mp4", b"hello there", "text"),
        ("empty.mp4", b"", "empty"),
        ("run.mp4", b"\x7fELF\x02\x01\x01\0\0\0", "no video"),
        ("large.gif", GIF + b"\0" * 2000, "0.001 MB is the most"),
    ],
)
def test_what_is_no_clip_is_refused_and_deleted(uploads, tmp_path, name, content, why):
    file = sent(tmp_path, name, content)
    with pytest.raises(ClipRejected, match=why) as error:
        uploads.take(file)
    assert str(error.value).startswith(f"{name}: ") and str(tmp_path) not in str(error.value)
    assert not file.exists() and list(uploads.folder.iterdir()) == []


def test_a_link_is_not_followed(uploads, tmp_path):
    target = tmp_path / "secret.gif"
    target.write_bytes(GIF)
    folder = tmp_path / "received"
    folder.mkdir()
    (folder / "link.gif").symlink_to(target)
    with pytest.raises(ClipRejected, match="no regular file"):
        uploads.take(folder / "link.gif")
    assert target.read_bytes() == GIF


def test_of_the_folder_of_clips_only_its_own_are_taken(tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "a.gif").write_bytes(GIF)
    (clips / "list.gif").write_bytes(b"#EXTM3U\n")
    (tmp_path / "outside.gif").write_bytes(GIF)
    (clips / "link.gif").symlink_to(tmp_path / "outside.gif")
    clip = listed(clips, "a.gif")
    assert clip.path == clips / "a.gif" and not clip.ours
    clip.remove()
    assert clip.path.exists()
    for name in ("../outside.gif", "..", "", "link.gif", str(tmp_path / "outside.gif")):
        with pytest.raises(ClipRejected, match="not in the folder of clips"):
            listed(clips, name)
    for name, why in (("list.gif", "playlist"), ("gone.gif", "no such file")):
        with pytest.raises(ClipRejected, match=f"^{name}: .*{why}"):
            listed(clips, name)


@pytest.mark.parametrize(
    "name, title",
    [
        ("a.mp4", "a.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\b.mp4", "b.mp4"),
        ("x\x1b[31m\n.mp4", "x[31m.mp4"),
        ("\u202egnp.mp4", "gnp.mp4"),
        ("\n", "clip"),
        ("é" * 200 + ".mp4", "é" * 68 + "…" + "é" * 7 + ".mp4"),
    ],
)
def test_a_title_can_be_shown(name, title):
    assert title_of(name) == title


def test_limits_are_checked():
    with pytest.raises(ConfigError):
        UploadLimits(clips=0)


def test_what_nobody_asked_to_analyse_is_forgotten(uploads):
    old, new = (uploads.received() / name / "a.gif" for name in ("1", "2"))
    for file in (old, new):
        file.parent.mkdir()
        file.write_bytes(GIF)
    os.utime(old, (0, 0))
    uploads.forget_untaken()
    assert [file.exists() for file in (old, old.parent, new)] == [False, False, True]
    assert stat.S_IMODE(uploads.received().stat().st_mode) == 0o700


def test_folders_of_servers_that_were_killed_are_deleted(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    names = [f"{PREFIX}{ended.stdout.strip()}-x", f"{PREFIX}{os.getpid()}-x", f"{PREFIX}abc-x", "other-1-x"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "film").write_bytes(GIF)
    delete_left_behind(tmp_path)
    assert [(tmp_path / name).exists() for name in names] == [False, True, True, True]
