"""What the tests of the Live tab ask of a page."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from realtime.benches.browser import Served

PROMPT_S = 2.0  # a place is free again after a clean close
LIVE_MS = 120_000  # loading the engine on a busy machine

# Counts the pictures that come back, and keeps each candidate with the newest time known when it came.
WATCH = """() => {
  const live = document.querySelector('flinch-live');
  window.seen = {frames: 0, since: performance.now(), events: [], sizes: new Set()};
  const count = () => {
    window.seen.frames += 1;
    window.seen.sizes.add(`${live.video.videoWidth}x${live.video.videoHeight}`);
    live.video.requestVideoFrameCallback(count);
  };
  live.video.requestVideoFrameCallback(count);
  live.addEventListener('flinch-event', (event) =>
    window.seen.events.push({...event.detail, heat: event.detail.heat.length, at_s: live.strip.newest}));
}"""
SEEN = """() => ({frames: window.seen.frames, seconds: (performance.now() - window.seen.since) / 1000,
  events: window.seen.events, sizes: [...window.seen.sizes]})"""


def start(page: Page) -> None:
    """Presses Start and waits until the painted picture is there."""
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("flinch-live")).to_have_class("flinch-on", timeout=LIVE_MS)


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


def patient(seconds: float) -> float:
    """The time allowed; more where other programs fight for the processors."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def eventually(page: Page, holds: Callable[[], bool], limit_s: float = 60.0) -> None:
    """Waits, with the page alive, until something holds outside of it."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < limit_s, "it never came to hold"
        page.wait_for_timeout(50)


def seen(page: Page) -> dict[str, Any]:
    return dict(page.evaluate(SEEN))


def places_taken(server: Served) -> int:
    with urllib.request.urlopen(f"{server.url}rtc/places", timeout=10) as reply:
        return int(json.load(reply)["taken"])


def seconds_until_free(server: Served, *, taken: int = 0, limit_s: float = 60.0) -> float:
    """How long it takes until no more than `taken` places are taken."""
    began = time.monotonic()
    while places_taken(server) > taken:
        assert time.monotonic() - began < limit_s, "the place is still held"
        time.sleep(0.05)
    return time.monotonic() - began
