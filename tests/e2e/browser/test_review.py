"""Review in a browser: loops, decisions, keys, filters, every export and its way back, deletion."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from realtime.benches.browser import Served, served
from realtime.review.desk import Desk
from realtime.review.formats.jsonl import write
from realtime.review.records import Origin, Query, Ref, Status
from realtime.review.snapshot import snapshot
from realtime.review.store import Store
from tests.e2e.browser.conftest import Watched, agree, open_tab
from tests.e2e.browser.live import LIVE_MS, WATCH, seen, start, stop
from tests.realtime.review.conftest import filled

FORMATS = {"CSV": ".csv", "JSONL": ".jsonl", "ELAN .eaf": ".eaf", "WebVTT": ".vtt", "Labelled data": ".zip"}


class Library:
    """A server whose library holds two sessions: Anna's with two events, one with evidence, and a clip."""

    def __init__(self, server: Served, refs: tuple[Ref, Ref, Ref]) -> None:
        self.server = server
        self.anna, self.without, self.bert = refs
        self.path = server.data / "flinch.sqlite"

    def review(self, ref: Ref):  # type: ignore[no-untyped-def]
        """What another process reads in the file right now."""
        with Store(self.path) as store:
            return store.candidate(ref).review

    def state(self) -> str:
        with Store(self.path) as store:
            found = sorted(store.sessions(), key=lambda session: session.id)
            return write([snapshot(store, session.id) for session in found])


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of these tests' own: what it keeps is theirs to fill and to delete."""
    with served(tmp_path_factory.mktemp("reviewed") / "data") as server:
        yield server


@pytest.fixture
def library(reviewed: Served) -> Library:
    folder = reviewed.data / "sessions" / "session-20260101-120000"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "video_001.mkv").write_bytes(b"a film")
    with Store(reviewed.data / "flinch.sqlite") as store:
        for session in store.sessions():
            store.delete_session(session.id)
        refs = filled(store)
        store.add_session("recorded one", "camera:0", Origin.LIVE, folder=folder.name)
    return Library(reviewed, refs)


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


def detail(page: Page) -> Locator:
    return page.get_by_role("region", name="Candidate", exact=True)


def button(page: Page, name: str) -> Locator:
    return detail(page).get_by_role("button", name=name, exact=True)


def test_the_loop_plays_slowly_with_heat_and_curve(review: Page, artifacts: Path) -> None:
    film = review.locator("flinch-review video")
    expect(film).to_have_js_property("readyState", 4)
    # 43 frames at 30 per second, four times slower
    length_s = film.evaluate("film => film.duration")
    assert 5.4 < length_s < 5.9
    film.evaluate("film => new Promise(done => film.ontimeupdate = () => film.currentTime > 0.3 && done())")
    heat = review.locator("flinch-review .flinch-heat")
    expect(heat).to_have_js_property("naturalWidth", 128)
    curve = review.locator("flinch-review svg")
    expect(curve).to_have_attribute("aria-label", re.compile("onset at frame 30, .*apex at frame 35"))
    assert curve.locator("[data-mark]").count() == 3
    review.screenshot(path=artifacts / "review.png", full_page=True)


def test_a_decision_is_in_the_file_when_it_is_shown(review: Page, library: Library) -> None:
    button(review, "Accept").click()
    expect(button(review, "Accept")).to_have_attribute("aria-pressed", "true")
    assert library.review(library.anna).status is Status.ACCEPTED
    button(review, "unclear").click()
    expect(button(review, "unclear")).to_have_attribute("aria-pressed", "true")
    assert library.review(library.anna).label == "unclear"
    button(review, "Undo").click()
    expect(button(review, "positive")).to_have_attribute("aria-pressed", "true")
    review.get_by_label("Note").fill("eyebrows <b>up</b>")
    review.get_by_label("Note").press("Enter")
    review.wait_for_timeout(300)
    assert library.review(library.anna).note == "eyebrows <b>up</b>"


def test_everything_goes_by_keys(review: Page, library: Library) -> None:
    review.locator(".flinch-detail-head").click()
    frame = review.get_by_label("onset", exact=True)
    expect(frame).to_contain_text("frame 30")
    for key, words in (("ArrowLeft", "frame 29"), ("ArrowLeft", "frame 28"), ("ArrowRight", "frame 29")):
        review.keyboard.press(key)
        expect(frame).to_contain_text(words)
    review.keyboard.press("f")
    review.keyboard.press("ArrowRight")
    expect(review.get_by_label("offset", exact=True)).to_contain_text("frame 43")
    review.keyboard.press("3")
    expect(button(review, "surprise")).to_have_attribute("aria-pressed", "true")
    review.keyboard.press("x")
    expect(button(review, "Reject")).to_have_attribute("aria-pressed", "true")
    review.keyboard.press("u")
    expect(button(review, "Reject")).to_have_attribute("aria-pressed", "false")
    review.keyboard.press("j")
    expect(detail(review)).to_contain_text("micro candidate 1")
    found = library.review(library.anna)
    assert (found.status, found.label, found.onset_frame, found.offset_frame) == (
        Status.PENDING,
        "surprise",
        29,
        43,
    )


def test_the_picture_goes_with_the_mark(review: Page) -> None:
    review.locator(".flinch-detail-head").click()
    review.keyboard.press("p")
    review.keyboard.press("ArrowRight")
    expect(review.get_by_label("apex", exact=True)).to_contain_text("frame 36")
    at_s = review.locator("flinch-review video").evaluate("film => film.currentTime")
    row = 36 - 15  # the loop begins at frame 15
    assert row * 4 / 30 < at_s < (row + 1) * 4 / 30


def test_marks_keep_their_order(review: Page, library: Library) -> None:
    review.locator(".flinch-detail-head").click()
    for _ in range(4):
        review.keyboard.press("ArrowRight")
    expect(review.get_by_label("onset", exact=True)).to_contain_text("frame 34")
    review.keyboard.press("ArrowRight")
    said = review.locator("flinch-review .flinch-status")
    expect(said).to_have_text("onset 35, apex 35, offset 42: each must come before the next")
    assert library.review(library.anna).onset_frame == 34


def test_filters_and_search_narrow_the_list(review: Page) -> None:
    options = review.get_by_role("listbox", name="Candidates").get_by_role("option")
    for control, value, count in (("Label", "unclear", 1), ("Kind", "macro", 1), ("Status", "accepted", 0)):
        chosen = review.get_by_role("search").get_by_label(control, exact=True)
        chosen.select_option(value)
        expect(options).to_have_count(count)
        chosen.select_option("")
        expect(options).to_have_count(3)
    review.get_by_label("Flags").select_option(label="no blink")
    expect(options).to_have_count(1)
    review.get_by_label("Flags").select_option("")
    review.get_by_label("Search", exact=True).fill("bert")
    expect(options).to_have_count(1)
    review.get_by_label("Search", exact=True).fill("")
    review.get_by_label("Least confidence").fill("50")
    expect(options).to_have_count(2)


def sessions(page: Page) -> Locator:
    page.get_by_role("tab", name="Sessions and exports").click()
    table = page.locator("flinch-sessions")
    expect(table.locator("tbody tr")).to_have_count(3)
    return table


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_brings_back_the_same_state(
    review: Page, library: Library, format: str, tmp_path: Path
) -> None:
    button(review, "Accept").click()
    expect(button(review, "Accept")).to_have_attribute("aria-pressed", "true")
    before = library.state()
    table = sessions(review)
    for name in ("Choose Anna, morning", "Choose clip of Bert"):
        table.get_by_label(name).check()
    with review.expect_download() as waiting:
        table.get_by_role("button", name=format, exact=True).click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    expect(table.get_by_role("status")).to_contain_text("Saved flinch-2-sessions")
    zipped = format in ("ELAN .eaf", "WebVTT", "Labelled data")
    assert path.suffix == (".zip" if zipped else FORMATS[format])
    assert not zipped or zipfile.ZipFile(path).testzip() is None
    for number, name in enumerate(("Anna, morning", "clip of Bert"), 1):
        table.get_by_role("button", name=f"Delete {name}").click()
        review.get_by_role("button", name="Delete for good").click()
        expect(table.locator("tbody tr")).to_have_count(3 - number)
    table.get_by_label("keep new sessions on this disk").check()
    table.get_by_label("File to import").set_input_files(path)
    expect(table.get_by_role("status")).to_contain_text("2 new, 3 new candidates")
    assert library.state() == before


def test_a_file_that_is_no_export_is_said_in_one_line(review: Page, tmp_path: Path) -> None:
    table = sessions(review)
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n")
    with review.expect_response("**/review/import*") as answer:
        table.get_by_label("File to import").set_input_files(path)
    assert answer.value.status == 200
    expect(table.get_by_role("status")).to_contain_text("this table was not exported from a review")


def test_a_recorded_session_is_deleted_with_its_film(review: Page, library: Library, artifacts: Path) -> None:
    table = sessions(review)
    review.screenshot(path=artifacts / "sessions.png", full_page=True)
    film = library.server.data / "sessions" / "session-20260101-120000" / "video_001.mkv"
    table.get_by_role("button", name="Delete recorded one").click()
    review.get_by_role("button", name="Cancel").click()
    assert film.exists()
    table.get_by_role("button", name="Delete recorded one").click()
    review.get_by_role("button", name="Delete for good").click()
    expect(table.locator("tbody tr")).to_have_count(2)
    assert not film.parent.exists()
    with Store(library.path) as store:
        assert {session.name for session in store.sessions()} == {"Anna, morning", "clip of Bert"}


def test_a_person_is_named_for_the_labelled_data(review: Page, library: Library) -> None:
    table = sessions(review)
    name = table.get_by_label("Person of clip of Bert")
    name.fill("Bert")
    name.press("Enter")
    expect(table.get_by_label("Person of clip of Bert")).to_have_value("Bert")
    review.wait_for_timeout(300)
    with Store(library.path) as store:
        assert {session.subject for session in store.sessions()} == {"Anna", "Bert", ""}
    table.get_by_label("Search sessions").fill("bert")
    expect(table.locator("tbody tr")).to_have_count(1)


def test_another_visitor_does_not_see_what_was_not_kept(browser: Browser, library: Library) -> None:
    desk = Desk(None)
    store = desk.store_of("x", kept=False)
    filled(store)
    exported = write([snapshot(store, session.id) for session in store.sessions()])
    first, second = browser.new_context(), browser.new_context()
    for context, count in ((first, 5), (second, 3)):
        page = context.new_page()
        agree(page, library.server.url)
        open_tab(page, "Review")
        table = sessions(page)
        if context is first:
            file = {"name": "x.jsonl", "mimeType": "text/plain", "buffer": exported.encode()}
            table.get_by_label("File to import").set_input_files(file)  # type: ignore[arg-type]
        expect(table.locator("tbody tr")).to_have_count(count)
    assert len(json.loads(exported.splitlines()[0])["session"]) == 16
    first.close()
    second.close()
    desk.close()


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
    page.wait_for_timeout(1500)


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
