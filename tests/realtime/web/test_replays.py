"""Clips in a child process: what is heard of it, what ends it, and what stays afterwards."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.spotter import read_spotter_card
from realtime.config import Config, to_toml
from realtime.errors import ClipRejected
from realtime.review.desk import Desk
from realtime.web.replay_state import MOST_POINTS, Batch, ClipState, Stage, coarser
from realtime.web.replay_task import ReplayLimits, Task
from realtime.web.replays import Replays
from realtime.web.uploads import Clip, Uploads

VISITOR = "v" * 43
GONE_S = 2.0
LONG_S = 60.0

# Children that behave as told; each reads its task first, as the real one does.
SPEAKS = """
import json, sys
task = json.loads(sys.stdin.readline())
def tell(**said): print(json.dumps(said), flush=True)
def progress(frames):
    points = [[frames / 10, 1.0, 6.0]]
    tell(frames=frames, total=100, rate=50.0, source={}, seen=frames, points=points, events=[])
"""
FINDS = (
    SPEAKS
    + """
from pathlib import Path
from realtime.review.records import Origin
from realtime.review.store import Store
from realtime.web.replay_run import event_said
from tests.realtime.made_up import made_up
store, events = Store(Path(task["store"])), [made_up(number) for number in range(3)]
session = store.add_session(task["title"], task["title"], Origin.REPLAY)
for event in events:
    store.add_event(session.id, event)
said = [event_said(event) for event in events]
tell(frames=60, total=100, rate=50.0, source={}, seen=60, points=[], events=said)
"""
)
HANGS = SPEAKS + "progress(10)\nimport signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pause()"
REFUSES = SPEAKS + "progress(10)\ntell(error=task['title'] + ': nothing in it decodes')"
WAITS = "\nimport signal\nsignal.pause()"
CRASHES = SPEAKS + "progress(10)\nimport os\nos.abort()"
SPINS = (
    SPEAKS
    + "progress(10)\nimport resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass"
)


@pytest.fixture
def uploads():
    made = Uploads()
    yield made
    made.close()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "flinch.sqlite")
    yield made
    made.close()


def upload(uploads: Uploads, title: str = "a.gif") -> Clip:
    path = uploads.scratch()
    path.write_bytes(b"GIF89a")
    return Clip(title, path, ours=True)


def replays(desk: Desk, script: str, **limits: float) -> Replays:
    return Replays(desk, replace(ReplayLimits(), **limits), (sys.executable, "-c", script))


async def finished(batch: Batch) -> Batch:
    assert batch.task is not None
    await asyncio.wait_for(asyncio.wait([batch.task]), LONG_S)
    return batch


async def heard_from(batch: Batch, number: int = 0) -> None:
    while batch.clips[number].frames == 0:
        await asyncio.sleep(0.01)


def run(desk, uploads, script, clips=1, **limits) -> Batch:
    async def whole() -> Batch:
        given = [upload(uploads, f"{number}.gif") for number in range(clips)]
        made = replays(desk, script, **limits)
        return await finished(made.begin(VISITOR, given, uploads, Config(), kept=False))

    return asyncio.run(whole())


@pytest.mark.parametrize(
    "script, limits, words",
    [
        (REFUSES, {}, "0.gif: nothing in it decodes"),
        (CRASHES, {}, "0.gif: its analysis broke off (code -6); it may need more than 2000 MB"),
        (HANGS, {"wall_s": 1.0}, "0.gif: analysing it took more than 0 minutes"),
        (SPINS, {}, "0.gif: analysing it took more than 120 minutes of the processor"),
        ("raise SystemExit(1)", {}, "0.gif: its analysis broke off (code 1)"),
    ],
)
def test_a_child_that_does_not_finish_is_one_line_and_leaves_nothing(desk, uploads, script, limits, words):
    [clip] = run(desk, uploads, script, **limits).clips
    assert clip.stage is Stage.REFUSED and clip.words.startswith(words)
    assert list(uploads.folder.iterdir()) == [] and desk.entries(VISITOR) == ()


def test_the_others_go_on_after_one_that_fails(desk, uploads):
    clips = run(desk, uploads, REFUSES, clips=3).clips
    assert [clip.stage for clip in clips] == [Stage.REFUSED] * 3
    assert [clip.frames for clip in clips] == [10] * 3


def test_cancelling_ends_the_child_at_once_and_the_rest_is_never_begun(desk, uploads):
    async def whole() -> tuple[Batch, float]:
        made = replays(desk, HANGS)
        clips = [upload(uploads), upload(uploads)]
        batch = made.begin(VISITOR, clips, uploads, Config(), kept=False)
        await heard_from(batch)
        with pytest.raises(ClipRejected, match="still being analysed"):
            made.begin(VISITOR, [], uploads, Config(), kept=False)
        await asyncio.wait_for(made.cancel(VISITOR), GONE_S)
        return batch

    batch = asyncio.run(whole())
    assert [clip.stage for clip in batch.clips] == [Stage.CANCELLED] * 2 and not batch.running
    assert list(uploads.folder.iterdir()) == []


def cancelled(desk, uploads, script, *, kept=False) -> ClipState:
    """The first of two clips, after a cancel that was pressed twice."""

    async def whole() -> Batch:
        made = replays(desk, script)
        clips = [upload(uploads, "a.gif"), upload(uploads, "b.gif")]
        batch = made.begin(VISITOR, clips, uploads, Config(), kept=kept)
        await asyncio.wait_for(heard_from(batch), LONG_S)
        await asyncio.gather(made.cancel(VISITOR), made.cancel(VISITOR))
        return batch

    clip, waiting = asyncio.run(whole()).clips
    assert (clip.stage, waiting.stage) == (Stage.CANCELLED, Stage.CANCELLED)
    assert list(uploads.folder.iterdir()) == [] and waiting.words == ""
    return clip


@pytest.mark.parametrize("kept", [False, True])
def test_what_was_found_before_a_cancel_can_be_reviewed(desk, uploads, kept):
    clip = cancelled(desk, uploads, FINDS + WAITS, kept=kept)
    [entry] = desk.entries(VISITOR)
    assert (entry.session.id, entry.kept) == (clip.sessions[0], kept) and entry.session.finished
    assert entry.tally.events == len(clip.events) == 3
    assert clip.words == "cancelled after 60 of 100 frames"


def test_what_cannot_be_taken_over_is_neither_listed_nor_counted(uploads):
    desk = Desk(None)
    clip = cancelled(desk, uploads, FINDS + WAITS, kept=True)
    assert (clip.sessions, clip.events) == ((), [])
    assert clip.words.startswith(
        "cancelled after 60 of 100 frames; what was found so far is discarded: nothing is kept here"
    )
    desk.close()


def test_what_was_found_before_a_crash_can_be_reviewed(desk, uploads):
    [clip] = run(desk, uploads, FINDS + "import os\nos.abort()").clips
    [entry] = desk.entries(VISITOR)
    assert (clip.stage, clip.sessions) == (Stage.REFUSED, (entry.session.id,)) and "broke off" in clip.words
    assert entry.tally.events == len(clip.events) == 3


def test_progress_knows_the_time_left(desk, uploads):
    async def whole() -> ClipState:
        made = replays(desk, HANGS)
        batch = made.begin(VISITOR, [upload(uploads)], uploads, Config(), kept=False)
        await heard_from(batch)
        seen = replace(batch.clips[0])
        await made.close()
        return seen

    clip = asyncio.run(whole())
    assert (clip.share, clip.left_s) == (0.1, 90 / 50.0)


def test_refused_files_stand_in_the_list(desk, uploads):
    async def whole() -> Batch:
        made = replays(desk, REFUSES)
        line = "x.m3u8: it is a playlist or description, not a video"
        return await finished(made.begin(VISITOR, [], uploads, Config(), kept=False, refused=[line]))

    [clip] = asyncio.run(whole()).clips
    assert (clip.title, clip.stage, "playlist" in clip.words) == ("x.m3u8", Stage.REFUSED, True)


def test_a_long_curve_gets_coarser_and_keeps_its_peaks():
    assert coarser([[0.0, 1.0, 6.0], [0.1, 5.0, 6.5], [0.2, 2.0, 6.0]]) == [[0.0, 5.0, 6.5], [0.2, 2.0, 6.0]]
    clip = ClipState("a")
    points = [[number / 10, 9.0 if number == 777 else 1.0, 6.0] for number in range(MOST_POINTS + 1)]
    clip.hear(
        {"frames": 1, "total": None, "rate": None, "source": {}, "seen": 1, "points": points, "events": []}
    )
    assert len(clip.points) <= MOST_POINTS and max(point[1] for point in clip.points) == 9.0
    assert clip.share is None and clip.left_s is None


# The real child


@pytest.mark.data
@pytest.mark.parametrize("kept", [False, True])
def test_a_real_clip_ends_in_the_review_desk(desk, uploads, data_dir, tmp_path, kept):
    clip = data_dir / "faces" / "clips" / "grid_bbaf2n.mpg"

    async def whole() -> Batch:
        made = Replays(desk)
        given = [Clip("bbaf2n.mpg", clip, ours=False)]
        return await finished(made.begin(VISITOR, given, uploads, Config(), kept=kept))

    [done] = asyncio.run(whole()).clips
    assert (done.stage, done.frames, done.seen, done.words) == (Stage.DONE, 75, 75, "")
    assert done.points[-1][0] == 2.9  # three seconds, to the end
    scores, thresholds = zip(*(point[1:] for point in done.points), strict=True)
    assert done.events and 0.1 < max(scores) <= 1 and set(thresholds) == {read_spotter_card().threshold}
    [entry] = desk.entries(VISITOR)
    assert (entry.session.name, entry.kept, entry.session.id) == ("bbaf2n.mpg", kept, done.sessions[0])
    assert entry.tally.events == len(done.events)
    assert clip.exists() and list(uploads.folder.iterdir()) == []
    assert len(desk.entries("w" * 43)) == int(kept)  # what is not kept, nobody else sees


@pytest.mark.data
def test_a_clip_without_a_face_says_so(desk, uploads, data_dir):
    async def whole() -> Batch:
        given = [Clip("no_face.mp4", data_dir / "faces" / "clips" / "pyfeat_no_face.mp4", ours=False)]
        return await finished(Replays(desk).begin(VISITOR, given, uploads, Config(), kept=False))

    [done] = asyncio.run(whole()).clips
    assert (done.stage, done.frames > 0, done.seen) == (Stage.DONE, True, 0)


def told(task: Task) -> dict:
    """The last line of the real child."""

    async def whole() -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "realtime.web.replay_child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(child.communicate(task.to_json().encode() + b"\n"), LONG_S)
        return out

    return json.loads(asyncio.run(whole()).splitlines()[-1])


def test_a_file_that_asks_for_more_memory_than_there_may_be_is_one_line(tmp_path: Path):
    bomb = tmp_path / "bomb.y4m"
    bomb.write_bytes(b"YUV4MPEG2 W30000 H30000 F25:1 C420\nFRAME\n" + b"\0" * 1000)
    limits = ReplayLimits(memory_mb=700)
    last = told(Task(str(bomb), "bomb.y4m", to_toml(Config()), str(tmp_path / "store"), limits))
    assert last["error"].startswith("bomb.y4m: ") and str(tmp_path) not in last["error"]


def test_a_playlist_with_a_videos_name_opens_nothing(tmp_path: Path):
    (tmp_path / "list.mp4").write_text("#EXTM3U\n/etc/passwd\n")
    task = Task(
        str(tmp_path / "list.mp4"), "list.mp4", to_toml(Config()), str(tmp_path / "s"), ReplayLimits()
    )
    assert "list.mp4: it is a playlist" in told(task)["error"]
