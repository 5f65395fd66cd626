"""A whole connection in one process: pictures round, words both ways, and every way to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.app.run import Run
from realtime.types import Analysis
from realtime.web.live import live_of
from realtime.web.peer import MOST_TEXT, understood
from realtime.web.visitor import COOKIE, new_visitor
from tests.fakes import MemorySink
from tests.realtime.web.peers import CAMERA, FakeBrowser, reception_of, state_of, taken, until, until_free

Story = Callable[[httpx.AsyncClient], Awaitable[None]]


def told(data: Path, story: Story, **limits: float) -> None:
    async def tell() -> None:
        async with reception_of(state_of(data, **limits)) as client:
            await story(client)

    asyncio.run(tell())


def test_pictures_go_round_and_figures_come(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser = FakeBrowser()
        await browser.connect(client)
        await until(lambda: len(browser.pictures) > 5 and browser.heard("stats"))
        assert set(browser.pictures) == {(CAMERA["width"], CAMERA["height"])}
        assert browser.heard("stats")[-1]["source"] == "browser"
        assert await taken(client) == 1
        await browser.close()
        await until_free(client)

    told(tmp_path, story)


def test_without_a_camera_the_servers_own_source_plays(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser = FakeBrowser(camera=False)
        await browser.connect(client)
        await until(lambda: browser.pictures)
        assert browser.pictures[0] == (640, 480)
        await browser.close()

    told(tmp_path, story)


def test_a_sink_can_come_and_go_while_the_session_runs(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser, sink = FakeBrowser(), MemorySink()
        await browser.connect(client)
        session = live_of(client.cookies[COOKIE])
        assert session is not None
        session.attach(sink)
        await until(lambda: sink.records)
        session.detach(sink)
        browser.say(kind="stop")
        await until_free(client)
        assert live_of(client.cookies[COOKIE]) is None
        assert not sink.closed

    told(tmp_path, story)


def test_the_page_hears_that_nobody_is_in_the_picture(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser = FakeBrowser()
        await browser.connect(client)
        await until(lambda: any(message["no_face_s"] for message in browser.heard("stats")))
        await browser.close()

    told(tmp_path, story)


def test_a_live_picture_begins_with_the_layers_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers, painted = frozenset({"hud"}), set()

    def paint(run: Run, analysis: Analysis, layers: frozenset[str]) -> NDArray[np.uint8]:
        painted.add(layers)
        return analysis.frame.bgr

    async def watch() -> None:
        async with reception_of(replace(state_of(tmp_path), layers=layers)) as client:
            reply = await client.post("/rtc/offer", json=await FakeBrowser(camera=False).offer())
            assert reply.json()["layers"] == ["hud"]
            await until(lambda: painted)

    monkeypatch.setattr(Run, "painted", paint)
    asyncio.run(watch())
    assert painted == {layers}


def test_recording_is_switched_by_the_page(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser = FakeBrowser()
        await browser.connect(client)
        await until(lambda: browser.pictures)
        browser.say(kind="record", on=True)
        await until(lambda: any(message["recording"] for message in browser.heard("stats")))
        browser.say(kind="record", on=False)
        await until(lambda: not browser.heard("stats")[-1]["recording"])
        await browser.close()

    told(tmp_path, story)
    (session,) = (tmp_path / "sessions").iterdir()
    assert (session / "session.json").is_file()


def test_a_page_that_says_stop_is_told_the_end_and_frees_its_place(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser = FakeBrowser()
        await browser.connect(client)
        await until(lambda: browser.pictures)
        browser.say(kind="stop")
        await until(lambda: browser.heard("ended"))
        await until_free(client, 2.0)

    told(tmp_path, story)


def test_a_page_that_is_never_heard_of_loses_its_place(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        reply = await client.post("/rtc/offer", json=await FakeBrowser().offer())
        assert reply.status_code == 200
        await until_free(client)

    told(tmp_path, story, connect_s=0.2)


def test_a_page_that_falls_silent_loses_its_place(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser = FakeBrowser()
        await browser.connect(client)
        await until(lambda: browser.heard("ended"))
        assert "not been heard" in browser.heard("ended")[0]["why"]
        await until_free(client)

    told(tmp_path, story, silent_s=0.5)


def test_only_its_own_visitor_can_say_goodbye_for_a_session(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        browser = FakeBrowser()
        name = await browser.connect(client)
        own, stranger = client.cookies[COOKIE], new_visitor()
        client.cookies.set(COOKIE, stranger)
        await client.post("/rtc/bye", content=name)
        await asyncio.sleep(0)
        assert await taken(client) == 1
        client.cookies.clear()
        client.cookies.set(COOKIE, own)
        await client.post("/rtc/bye", content=name)
        await until_free(client, 2.0)

    told(tmp_path, story)


@pytest.mark.parametrize("text", [b"bytes", "no json", "[1]", "x" * (MOST_TEXT + 1), None])
def test_what_is_no_message_is_ignored(text: object) -> None:
    assert understood(text) == {}
