"""Sessions in a browser: every export and its way back, names, deletion, what others see."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from realtime.review.desk import Desk
from realtime.review.formats.jsonl import write
from realtime.review.snapshot import snapshot
from realtime.review.store import Store
from tests.e2e.browser.conftest import agree, open_tab
from tests.e2e.browser.library import FILM, Library, button, sessions
from tests.e2e.browser.live import eventually
from tests.realtime.review.conftest import filled

FORMATS = {"CSV": ".csv", "JSONL": ".jsonl", "ELAN .eaf": ".eaf", "WebVTT": ".vtt", "Labelled data": ".zip"}


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
    film = library.server.data / FILM
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
    eventually(review, lambda: library.subjects() == {"Anna", "Bert", ""})
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
