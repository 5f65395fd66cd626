"""What ends with the server."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from starlette.testclient import TestClient

from realtime.config import Config
from realtime.review.desk import Desk
from realtime.review.store import Store
from realtime.web.page.replay import Room
from realtime.web.replay_state import Batch, Stage
from realtime.web.server import make_app
from realtime.web.state import WebState
from tests.realtime.web.peers import state_of
from tests.realtime.web.test_replays import FINDS, VISITOR, WAITS, heard_from, upload


def room_of(state: WebState) -> Room:
    """The Replay tab's, whose children find three events and then hang."""
    (close,) = state.endings
    room: Room = close.__self__  # type: ignore[attr-defined]
    room._replays._command = (sys.executable, "-c", FINDS + WAITS)
    return room


def test_a_batch_ends_with_the_server_and_what_it_found_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "flinch.sqlite"
    state = replace(state_of(tmp_path), desk=Desk(file))
    app = make_app(state)
    room = room_of(state)

    async def begun() -> Batch:
        clips = [upload(room._uploads), upload(room._uploads)]
        batch = room._replays.begin(VISITOR, clips, room._uploads, Config(), kept=True)
        await asyncio.wait_for(heard_from(batch), 60)
        return batch

    with TestClient(app) as client:
        assert client.portal is not None
        batch = client.portal.call(begun)
        assert batch.running
    assert [clip.stage for clip in batch.clips] == [Stage.CANCELLED] * 2
    assert not room._uploads.folder.exists()
    with Store(file) as store:
        assert len(store.candidates()) == 3
