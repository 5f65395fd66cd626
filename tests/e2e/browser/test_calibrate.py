"""Camera and resting face measured through the browser's own camera, and the profile used afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from realtime.benches.browser import Served, write_y4m
from realtime.profile.profile import load_profile
from realtime.sources.base import SourceConfig
from realtime.sources.demo import DemoSource
from tests.e2e.browser.conftest import Watched, agree, launched, open_tab, viewer

LONG_MS = 180_000  # where everything computes at once
REST_S = 1.2  # the demo begins with a face at rest


@pytest.fixture(scope="module")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The still beginning of the demo, there and back, over and over: a person at rest."""
    with DemoSource(replace(SourceConfig(), demo_live=False, demo_seconds=REST_S)) as source:
        frames = [frame.bgr for frame in source]
    path = tmp_path_factory.mktemp("resting") / "rest.y4m"
    write_y4m(path, (frames + frames[::-1]) * 3)
    return path


@pytest.fixture
def visitor(playwright: Playwright, server: Served, resting: Path) -> Iterator[Page]:
    browser: Browser = launched(playwright, resting)
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(LONG_MS)
    watched = Watched(page, server.url)
    yield agree(page, server.url)
    browser.close()
    assert not watched.errors and not watched.foreign


def test_a_profile_is_made_saved_and_used(visitor: Page, server: Served, artifacts: Path) -> None:
    open_tab(visitor, "Calibrate")
    visitor.get_by_label("Name of the profile").fill("my desk")
    visitor.screenshot(path=artifacts / "calibrate-begin.png", full_page=True)
    visitor.get_by_role("button", name="Begin").click()
    expect(visitor.get_by_role("heading", name="Looking at the camera")).to_be_visible(timeout=LONG_MS)
    expect(visitor.get_by_role("heading", name="Sit still now")).to_be_visible(timeout=LONG_MS)
    expect(visitor.locator(".calibrate-part dl").first).to_contain_text("true rate")
    expect(visitor.locator(".calibrate-hint.calibrate-good")).to_be_visible(timeout=LONG_MS)
    visitor.screenshot(path=artifacts / "calibrate-rest.png", full_page=True)
    expect(visitor.get_by_role("heading", name="Done")).to_be_visible(timeout=LONG_MS)
    visitor.screenshot(path=artifacts / "calibrate.png", full_page=True)
    profile = load_profile(server.data / "profiles" / "my desk.json")
    assert profile.neutral is not None and profile.camera.fps > 10
    expect(visitor.get_by_label("Profile of the live picture")).to_have_value("my desk", timeout=LONG_MS)
    open_tab(visitor, "Live")  # it began anew with the profile
    expect(visitor.locator("flinch-live .flinch-status")).to_have_text("Live.", timeout=LONG_MS)
    open_tab(visitor, "Calibrate")
    file = server.data / "profiles" / "my desk.json"
    visitor.get_by_role("button", name="Delete this profile").click()
    expect(visitor.get_by_text("Delete “my desk” for everybody here?")).to_be_visible(timeout=LONG_MS)
    visitor.screenshot(path=artifacts / "calibrate-delete.png", full_page=True)
    visitor.locator("#calibrate-keep").click()
    expect(visitor.locator("#calibrate-sure")).to_be_hidden(timeout=LONG_MS)
    assert file.exists()
    visitor.get_by_role("button", name="Delete this profile").click()
    visitor.get_by_role("button", name="Delete for good").click()
    expect(visitor.get_by_label("Profile of the live picture")).to_have_value("no profile", timeout=LONG_MS)
    expect(visitor.locator("#calibrate-sure")).to_be_hidden(timeout=LONG_MS)
    expect(visitor.get_by_role("heading", name="Ready when you are")).to_be_visible(timeout=LONG_MS)
    assert not file.exists()


def test_stopping_forgets_and_a_name_is_needed(page: Page) -> None:
    open_tab(page, "Calibrate")
    page.get_by_label("Name of the profile").fill("///")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("give the profile a name")).to_be_visible(timeout=LONG_MS)
    page.get_by_label("Name of the profile").fill("x")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Looking at the camera")).to_be_visible(timeout=LONG_MS)
    page.locator("#calibrate-stop").click()
    expect(page.get_by_role("heading", name="Ready when you are")).to_be_visible(timeout=LONG_MS)


def test_why_there_is_no_live_picture_stands_in_its_place(browser: Browser, server: Served) -> None:
    taken = json.dumps({"error": "All 2 live places are taken."})
    with viewer(browser, server.url) as page:
        page.route("**/rtc/offer", lambda route: route.fulfill(status=503, body=taken))
        open_tab(page, "Calibrate")
        preview = page.locator("flinch-preview")
        expect(preview).to_contain_text("Begin starts the live picture.")
        page.get_by_label("Name of the profile").fill("x")
        page.get_by_role("button", name="Begin").click()
        expect(preview).to_contain_text("All 2 live places are taken.")
        page.locator("#calibrate-stop").click()
