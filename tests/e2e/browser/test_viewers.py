"""Several viewers, lost ones, and those without a camera."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from realtime.benches.browser import Served, chromium_flags, chromium_path, served
from tests.e2e.browser.conftest import Watched, agree, launched, viewer
from tests.e2e.browser.live import PROMPT_S, patient, places_taken, seconds_until_free, start, stop

KILLED_S = 35.0
TOLD_S = 5.0  # that all places are taken
HEAR = """(message) => document.querySelector('flinch-live').link.dispatchEvent(
  new CustomEvent('message', {detail: message}))"""
CANDIDATE = {
    "kind": "event", "event": 0, "label": "positive", "confidence": 0.8, "type": "micro", "onset_s": 1.0,
    "apex_s": 1.1, "offset_s": 1.3, "flags": [], "classes": {"positive": 0.8}, "where": ["chin"], "heat": "",
}  # fmt: skip


def test_the_third_viewer_is_told_so_at_once_and_can_take_a_place_that_is_left(
    browser: Browser, server: Served
) -> None:
    with viewer(browser, server.url) as first, viewer(browser, server.url) as third:
        start(first)
        with viewer(browser, server.url) as second:
            start(second)
            assert places_taken(server) == 2
            third.get_by_role("button", name="Start", exact=True).click()
            expect(third.get_by_text("All 2 live places are taken").first).to_be_visible(
                timeout=patient(TOLD_S) * 1000
            )
        # The second one's page was closed without a word.
        assert seconds_until_free(server, taken=1) < patient(PROMPT_S)
        start(third)
        stop(third)
        stop(first)
    assert seconds_until_free(server) < patient(PROMPT_S)


def test_a_killed_tab_gives_its_place_back(playwright: Playwright, camera: Path, server: Served) -> None:
    browser = launched(playwright, camera)
    page = agree(browser.new_page(), server.url)
    start(page)
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    for process in processes:
        if process["type"] == "renderer":
            os.kill(process["id"], signal.SIGKILL)
    assert seconds_until_free(server, limit_s=2 * KILLED_S) < patient(KILLED_S)
    browser.close()


def test_without_a_camera_the_demo_plays(playwright: Playwright, server: Served, artifacts: Path) -> None:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=chromium_flags(None))
    page = browser.new_page()
    watched = Watched(page, server.url)
    agree(page, server.url)
    start(page)
    expect(page.locator(".flinch-figures")).to_contain_text("demo")
    warnings, said = page.locator(".flinch-warnings"), page.locator("flinch-live .flinch-status")
    why = "There is no camera on this machine. Playing the built-in demo."
    expect(warnings).to_contain_text(why)
    page.evaluate(HEAR, CANDIDATE)
    expect(said).to_contain_text("Candidate 0")
    expect(warnings).to_contain_text(why)
    page.screenshot(path=artifacts / "no_camera.png")
    stop(page)
    expect(warnings).to_be_empty()
    browser.close()
    assert not watched.errors and not watched.foreign


def own_address() -> str:
    """This machine's address towards others, which browsers do not count as secure; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but its own")
        address = str(probe.getsockname()[0])
    if address.startswith("127."):
        pytest.skip("this machine has no address but its own")
    return address


def test_a_page_from_another_machine_without_https_says_why_it_has_no_camera(
    browser: Browser, tmp_path: Path
) -> None:
    address = own_address()
    with served(tmp_path / "data", "--host", address, "--auth", "eva:long enough") as server:
        login = {"username": "eva", "password": "long enough"}
        context = browser.new_context(http_credentials=login)
        page = agree(context.new_page(), server.url)
        start(page)
        expect(page.get_by_text("neither https nor localhost").first).to_be_attached()
        context.close()
        stranger = browser.new_context()
        assert stranger.request.get(server.url).status == 401
        stranger.close()
