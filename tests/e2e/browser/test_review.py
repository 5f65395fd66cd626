"""Review in a browser: loops, decisions, keys, filters."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from realtime.review.records import Status
from realtime.review.store import Store
from tests.e2e.browser.library import Library, button, detail
from tests.e2e.browser.live import eventually
from tests.realtime.made_up import made_up
from tests.realtime.review.conftest import made_up_evidence


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


def test_a_score_is_told_in_its_own_unit(review: Page, library: Library) -> None:
    expect(detail(review)).to_contain_text("6.5 × noise")
    with Store(library.path) as store:
        sure = store.add_event(library.anna.session, made_up(7, spot_score=0.912), made_up_evidence())
    review.locator(f"[data-ref='{sure}']").click()
    expect(detail(review)).to_contain_text("evidence 0.91")


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
    eventually(review, lambda: library.review(library.anna).note == "eyebrows <b>up</b>")


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
