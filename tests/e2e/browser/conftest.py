"""A server and a real browser whose camera plays the demo.

`server` runs once for all tests, `page` is a fresh visitor who has agreed, with its console and its requests
looked at afterwards: no error, and nothing asked of any other machine. Screenshots go to `artifacts`
(FLINCH_ARTIFACTS, or a temporary folder).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from realtime.benches.browser import Served, chromium_flags, chromium_path, served, write_y4m
from realtime.errors import SourceError
from realtime.sources.base import SourceConfig
from realtime.sources.demo import DemoSource

pytest.importorskip("playwright", reason="the browser tests need playwright")

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    TimeoutError,
    expect,
    sync_playwright,
)

from tests.e2e.browser.library import Library, detail, filled_library

PATIENCE_MS = 90_000  # for machines with much else to do: only a fault is waited for so long
CLICK_MS = 3_000
expect.set_options(timeout=PATIENCE_MS)

CAMERA_S = 14.0  # the fake camera plays so much of the demo, over and over
LOCAL = {"data", "blob", "about"}


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the demo as a fake camera's film."""
    path = tmp_path_factory.mktemp("camera") / "demo.y4m"
    config = replace(SourceConfig(), demo_live=False, demo_seconds=CAMERA_S)
    with DemoSource(config) as source:
        write_y4m(path, (frame.bgr for frame in source))
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def launched(playwright: Playwright, camera: Path | None) -> Browser:
    try:
        path = chromium_path()
    except SourceError as error:
        pytest.skip(str(error))
    return playwright.chromium.launch(executable_path=path, args=chromium_flags(camera))


@pytest.fixture(scope="session")
def browser(playwright: Playwright, camera: Path) -> Iterator[Browser]:
    """Chromium whose camera plays the demo."""
    browser = launched(playwright, camera)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served") / "data") as server:
        yield server


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go."""
    wanted = os.environ.get("FLINCH_ARTIFACTS")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Watched:
    """What a page said and asked for while it was open."""

    def __init__(self, page: Page, own: str) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._own = urlsplit(own).netloc
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in LOCAL and parts.netloc != self._own:
            self.foreign.append(url)


def agree(page: Page, url: str) -> Page:
    """Opens the page and gives consent."""
    page.goto(url)
    return begin_again(page)


def begin_again(page: Page) -> Page:
    """Gives consent on the page as it is, loaded or loaded anew.

    The button may stand there before anything listens to it: it is pressed until the tabs are there.
    """
    page.set_default_timeout(PATIENCE_MS)
    begin, live = (
        page.get_by_role("button", name="Everyone in view agrees: begin"),
        page.get_by_role("tab", name="Live"),
    )
    begin.or_(live).first.wait_for()
    for _ in range(PATIENCE_MS // CLICK_MS):
        with suppress(TimeoutError):
            begin.click(timeout=CLICK_MS)
        with suppress(TimeoutError):
            live.wait_for(timeout=CLICK_MS)
            return page
    raise AssertionError("the page never began")


@contextmanager
def viewer(browser: Browser, url: str) -> Iterator[Page]:
    """One more visitor who has agreed; what goes wrong in the page is not looked at."""
    context = browser.new_context()
    yield agree(context.new_page(), url)
    context.close()


def open_tab(page: Page, title: str) -> None:
    page.get_by_role("tab", name=title).click()


@pytest.fixture
def page(browser: Browser, server: Served) -> Iterator[Page]:
    """A fresh visitor who has agreed."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    watched = Watched(page, server.url)
    yield agree(page, server.url)
    context.close()
    assert not watched.errors
    assert not watched.foreign


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the review's own: what it keeps is theirs to fill and to delete."""
    with served(tmp_path_factory.mktemp("reviewed") / "data") as server:
        yield server


@pytest.fixture
def library(reviewed: Served) -> Library:
    return filled_library(reviewed)


@pytest.fixture
def review(browser: Browser, library: Library) -> Iterator[Page]:
    """The Review tab of a visitor who has agreed, at its first candidate."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    watched = Watched(page, library.server.url)
    agree(page, library.server.url)
    open_tab(page, "Review")
    expect(page.get_by_role("listbox", name="Candidates").get_by_role("option")).to_have_count(3)
    page.locator(f"[data-ref='{library.anna}']").click()
    expect(detail(page)).to_contain_text("Anna, morning")
    yield page
    context.close()
    assert not watched.errors
    assert not watched.foreign
