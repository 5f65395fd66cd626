"""From the camera to the review: what was only seen leaves no trace, what was recorded goes with its film."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from realtime.benches.browser import Served, served
from realtime.review.records import Query
from realtime.review.store import Store
from tests.e2e.browser.conftest import agree, open_tab
from tests.e2e.browser.library import button, detail
from tests.e2e.browser.live import LIVE_MS, WATCH, seconds_until_free, seen, start, stop

# The first candidate's pictures go on for half a second after its end.
WHOLE = "document.querySelector('flinch-live').strip.newest > window.seen.events[0].offset_s + 1.0"


def first_candidate(page: Page) -> None:
    """Waits until the run that goes on has found something, and its pictures are complete."""
    page.evaluate(WATCH)
    try:
        page.wait_for_function("window.seen.events.length > 0", timeout=LIVE_MS)
    except TimeoutError:
        found = seen(page)
        fps = found["frames"] / found["seconds"]
        if fps < 24:
            pytest.skip(f"this machine is too busy to judge: {fps:.1f} pictures a second came back, not 24")
        raise
    page.wait_for_function(WHOLE)


def test_what_was_seen_live_is_reviewed_and_leaves_no_trace(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        page = agree(browser.new_page(), server.url)
        start(page)
        first_candidate(page)
        stop(page)
        open_tab(page, "Review")
        expect(detail(page)).to_contain_text("not kept")
        expect(page.locator("flinch-review video")).to_have_js_property("readyState", 4)
        button(page, "Accept").click()
        expect(button(page, "Accept")).to_have_attribute("aria-pressed", "true")
        session = page.locator(".flinch-found-one").first.get_attribute("data-ref").partition("/")[0]  # type: ignore[union-attr]
        with Store(server.data / "flinch.sqlite") as store:
            assert store.session(session) is None
        page.close()


def test_a_recording_is_reviewed_from_the_file_and_deleted_with_it(page: Page, server: Served) -> None:
    start(page)
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".flinch-recording")).to_be_visible(timeout=LIVE_MS)
    first_candidate(page)
    stop(page)
    seconds_until_free(server)  # a recording that is still being written is not deleted
    with Store(server.data / "flinch.sqlite") as store:
        recorded = store.sessions()[0]
        folder = server.data / "sessions" / str(recorded.folder)
        assert (folder / "video_001.mkv").stat().st_size > 0
        found = store.candidates(Query(sessions=(recorded.id,)))
        assert found and found[0].evidence
    open_tab(page, "Review")
    page.get_by_role("tab", name="Sessions and exports").click()
    row = page.locator(f"tr[data-session='{recorded.id}']")
    expect(row).to_contain_text("events and film")
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(row).to_have_count(0)
    assert not folder.exists()
