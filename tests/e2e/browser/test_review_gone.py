"""Review when something is not there any more: a session, every candidate of a filter, the server."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from realtime.review.records import Status
from realtime.review.store import Store
from tests.e2e.browser.library import Library, detail, sessions

HEAT = "flinch-review .flinch-heat"
FILM = "flinch-review video"
NO_SERVER = '{"error": "Failed to fetch"}'  # a real outage would be an error on the console, too


def shown(page: Page) -> Page:
    """The first candidate with its film and its heat."""
    expect(page.locator(FILM)).to_have_js_property("readyState", 4)
    expect(page.locator(HEAT)).to_have_js_property("naturalWidth", 128)
    return page


def faceless(page: Page) -> None:
    """Nothing that showed a face is left, hidden or not."""
    for place in (FILM, HEAT):
        assert page.locator(place).get_attribute("src") is None
    expect(page.locator("flinch-review .flinch-found img")).to_have_count(0)


def test_a_deleted_person_is_gone_from_the_page_at_once(review: Page, artifacts: Path) -> None:
    shown(review)
    table = sessions(review)
    table.get_by_role("button", name="Delete Anna, morning").click()
    review.get_by_role("button", name="Delete for good").click()
    expect(table.locator("tbody tr")).to_have_count(2)
    review.get_by_role("tab", name="Candidates").click()
    expect(detail(review)).to_contain_text("clip of Bert")
    faceless(review)
    review.screenshot(path=artifacts / "review-deleted.png", full_page=True)


def test_what_went_with_another_program_is_let_go_of(review: Page, library: Library) -> None:
    shown(review)
    with Store(library.path) as store:
        for session in store.sessions():
            store.delete_session(session.id)
    expect(detail(review)).to_be_hidden()
    expect(review.get_by_text("Nothing to review yet.")).to_be_visible()
    faceless(review)


def test_a_filter_that_matches_nothing_leaves_nothing_to_decide(review: Page, library: Library) -> None:
    shown(review)
    review.get_by_role("search").get_by_label("Status", exact=True).select_option("accepted")
    expect(review.get_by_role("option", name="micro at")).to_have_count(0)
    expect(detail(review)).to_be_hidden()
    review.locator(".flinch-count").click()
    review.keyboard.press("a")
    review.get_by_role("search").get_by_label("Status", exact=True).select_option("")
    expect(detail(review)).to_be_visible()
    assert library.review(library.anna).status is Status.PENDING


def test_the_error_of_an_outage_goes_with_it(review: Page) -> None:
    said = review.locator("flinch-review .flinch-status")

    def refuse(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=NO_SERVER)

    review.route("**/review/sessions", refuse)
    expect(said).to_have_text("Failed to fetch")
    review.unroute("**/review/sessions", refuse)
    expect(said).to_have_text("")
    expect(detail(review)).to_contain_text("Anna, morning")
