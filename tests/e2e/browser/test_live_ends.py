"""A live picture that is stopped early, recorded to its end, or lost, and what the page says then."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from realtime.benches.browser import Served
from tests.e2e.browser.conftest import viewer
from tests.e2e.browser.live import LIVE_MS, PROMPT_S, eventually, patient, seconds_until_free, start, stop

RETRY_MS = 2000  # longer than the wait for the first attempt to begin anew
OFFER, BYE = "**/rtc/offer", "**/rtc/bye"
LOSE = "document.querySelector('flinch-live').link.channel.close()"
STOP_BEFORE_THE_OFFER = """() => {
  const live = document.querySelector('flinch-live');
  const described = RTCPeerConnection.prototype.setLocalDescription;
  RTCPeerConnection.prototype.setLocalDescription = async function (description) {
    await described.call(this, description);
    live.stop();
  };
  return live.start();
}"""
START_TWICE = """() => {
  const live = document.querySelector('flinch-live');
  live.start();
  live.stop();
  return live.start();
}"""
BEGUN_WITH = """async (layers) => {
  const { Overlay } = await import('/flinch/live_overlay.js');
  const overlay = new Overlay();
  overlay.begin(layers);
  const begun = [overlay.name, overlay.layers];
  overlay.next();
  overlay.begin(layers);
  return [...begun, overlay.name];
}"""


def said(page: Page) -> Locator:
    return page.locator("flinch-live .flinch-status")


def away(page: Page, times: int = 100) -> list[Route]:
    """From here on so many offers reach no server; those that have not."""
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        if len(refused) == times:
            route.continue_()
        else:
            refused.append(route)
            route.abort()

    page.route(OFFER, refuse)
    return refused


def test_who_stops_before_the_offer_is_sent_sends_none(page: Page) -> None:
    offers: list[str] = []
    page.on("request", lambda request: "/rtc/offer" in request.url and offers.append(request.url))
    page.evaluate(STOP_BEFORE_THE_OFFER)
    expect(said(page)).to_have_text("Stopped.")
    assert offers == []


def test_who_stops_before_the_answer_gives_the_place_back(page: Page, server: Served) -> None:
    held: list[Route] = []
    page.route(OFFER, lambda route: held.append(route))
    page.get_by_role("button", name="Start", exact=True).click()
    eventually(page, lambda: bool(held))
    stop(page)
    with page.expect_request(BYE):
        held[0].continue_()
    assert seconds_until_free(server) < patient(PROMPT_S)
    expect(said(page)).to_have_text("Stopped.")


def test_a_start_that_was_stopped_leaves_no_second_picture_behind(page: Page, server: Served) -> None:
    page.evaluate(START_TWICE)
    expect(page.locator("flinch-live")).to_have_class("flinch-on", timeout=LIVE_MS)
    stop(page)
    assert seconds_until_free(server) < patient(PROMPT_S)


def test_a_recording_is_over_when_the_picture_is_stopped(page: Page) -> None:
    start(page)
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("button", name="Stop recording")).to_have_attribute("aria-pressed", "true")
    stop(page)
    expect(page.get_by_role("button", name="Record", exact=True)).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".flinch-recording")).to_be_hidden()


def test_a_server_that_is_away_for_a_while_is_asked_again(browser: Browser, server: Served) -> None:
    with viewer(browser, server.url) as page:
        start(page)
        refused = away(page, times=2)
        page.evaluate(LOSE)
        expect(said(page)).to_have_text("The server does not answer. Trying again …")
        expect(page.locator("flinch-live")).to_have_class("flinch-on", timeout=LIVE_MS)
        assert len(refused) == 2
        eventually(page, lambda: page.evaluate("document.querySelector('flinch-live').retry") == 0)
        page.evaluate(LOSE)  # the next loss has its three attempts again
        expect(said(page)).to_contain_text("Trying again …")
        expect(page.locator("flinch-live")).to_have_class("flinch-on", timeout=LIVE_MS)
        stop(page)


def test_a_server_that_stays_away_is_asked_three_times(browser: Browser, server: Served) -> None:
    with viewer(browser, server.url) as page:
        start(page)
        refused = away(page)
        page.evaluate(LOSE)
        eventually(page, lambda: len(refused) == 3)
        expect(said(page)).to_have_text("The server does not answer.")
        expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
        page.get_by_role("button", name="Start", exact=True).click()
        eventually(page, lambda: len(refused) == 4)
        expect(said(page)).to_have_text("The server does not answer.")


def test_nobody_is_asked_again_once_somebody_has_pressed_stop(browser: Browser, server: Served) -> None:
    with viewer(browser, server.url) as page:
        start(page)
        refused = away(page)
        page.evaluate(LOSE)
        expect(said(page)).to_contain_text("Trying again")
        stop(page)
        asked = len(refused)
        page.wait_for_timeout(RETRY_MS)
        expect(said(page)).to_have_text("Stopped.")
        assert len(refused) == asked


@pytest.mark.parametrize(
    ("layers", "begun", "following"),
    [(["outline", "regions"], "lines", "lines and heat"), (["hud"], "as started", "lines")],
)
def test_the_overlay_begins_with_what_the_server_was_told(
    page: Page, layers: list[str], begun: str, following: str
) -> None:
    assert page.evaluate(BEGUN_WITH, layers) == [begun, layers, following]
