"""What the Live tab says of pictures that are too few, too small or too strongly compressed to trust."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Playwright, expect

from realtime.benches.browser import Served, write_y4m
from realtime.sources.base import SourceConfig
from realtime.sources.demo import DemoSource
from realtime.web.offers import LOW_FPS, THIN_BITS_PER_PIXEL
from tests.e2e.browser.conftest import agree, launched
from tests.e2e.browser.live import LIVE_MS, start, stop

SLOW_FPS = 15
SLOW_S = 4
SAID = """async ({browser, server, camera, limits}) =>
  (await import('/flinch/live_measure.js')).warnings(browser, server, camera, limits)"""
LIMITS = {"thin_bits": THIN_BITS_PER_PIXEL, "low_fps": LOW_FPS}
CAMERA = {"width": 640, "height": 480}
THIN_KBPS = 0.5 * THIN_BITS_PER_PIXEL * 640 * 480 * 30 / 1000


def told(page: Page, *, frames: int = 200, camera: dict[str, int] | None = CAMERA, **more: Any) -> list[str]:
    """The warnings of a run that is well but for what `more` says of the browser or the server."""
    browser = {"width": 640, "height": 480, "sentFps": 30.0, "sentKbps": 4 * THIN_KBPS, "reason": "none"}
    server = {"frames": frames, "fps_in": 30.0, "no_face_s": 0.0, "waiting": 0, "notes": []}
    for known in (browser, server):
        known.update({key: value for key, value in more.items() if key in known})
    asked = {"browser": browser, "server": server, "camera": camera, "limits": LIMITS}
    return list(page.evaluate(SAID, asked))


def test_a_good_picture_has_no_warning(page: Page) -> None:
    assert told(page) == []
    assert told(page, camera=None) == []
    assert told(page, no_face_s=2.5) == []
    assert told(page, no_face_s=None) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"fps_in": LOW_FPS - 4.0}, "frames a second arrive"),
        ({"sentKbps": THIN_KBPS}, "Compression is too strong"),
        ({"width": 320, "height": 240, "reason": "cpu"}, "320×240 instead of 640×480 (this machine"),
        ({"waiting": 40}, "Analysis is behind"),
        ({"no_face_s": 3.5}, "No face is in the picture."),
        ({"no_face_s": 3.5, "sentKbps": THIN_KBPS}, "No face is in the picture."),
        ({"notes": ["only CPU"]}, "Only CPU."),
    ],
)  # fmt: skip
def test_each_fault_has_one_warning_of_its_own(page: Page, more: dict[str, Any], words: str) -> None:
    (said,) = told(page, **more)
    assert words in said


def test_rates_are_not_judged_before_they_have_settled(page: Page) -> None:
    assert told(page, frames=20, fps_in=3.0, sentKbps=THIN_KBPS) == []


def test_a_slow_camera_is_told_beside_the_picture(
    playwright: Playwright, server: Served, tmp_path: Path
) -> None:
    config = SourceConfig(demo_live=False, demo_seconds=2.0 * SLOW_S)
    with DemoSource(config) as source:
        every_second = islice(source, 0, 2 * SLOW_S * SLOW_FPS, 2)
        write_y4m(tmp_path / "slow.y4m", (frame.bgr for frame in every_second), fps=SLOW_FPS)
    browser = launched(playwright, tmp_path / "slow.y4m")
    page = agree(browser.new_page(), server.url)
    start(page)
    expect(page.locator("flinch-live")).to_contain_text("frames a second arrive", timeout=LIVE_MS)
    stop(page)
    browser.close()


def test_a_camera_that_shows_nobody_is_told_beside_the_picture(
    playwright: Playwright, server: Served, tmp_path: Path, artifacts: Path
) -> None:
    write_y4m(tmp_path / "wall.y4m", [np.full((480, 640, 3), 90, np.uint8)] * 30)
    browser = launched(playwright, tmp_path / "wall.y4m")
    page = agree(browser.new_page(), server.url)
    start(page)
    warnings = page.locator("flinch-live .flinch-warnings")
    expect(warnings).to_contain_text("No face is in the picture.", timeout=LIVE_MS)
    page.screenshot(path=artifacts / "no_face.png", full_page=True)
    stop(page)
    expect(warnings).to_be_empty()
    browser.close()
