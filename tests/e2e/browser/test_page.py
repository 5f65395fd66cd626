"""Consent first, then the tabs; nothing leaves the machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from realtime.benches.browser import Served
from tests.e2e.browser.conftest import agree, open_tab
from tests.e2e.browser.looks import faults


def test_nothing_is_shown_before_consent(browser: Browser, server: Served, artifacts: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    agree = page.get_by_role("button", name="Everyone in view agrees: begin")
    expect(agree).to_be_visible()
    expect(page.get_by_role("tab", name="Live")).to_have_count(0)
    expect(page.get_by_text("does not detect lies")).to_be_visible()
    page.screenshot(path=artifacts / "consent.png", full_page=True)
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_every_tab_opens_and_can_be_read(
    browser: Browser, server: Served, artifacts: Path, scheme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = agree(context.new_page(), server.url)
    for title in ("Replay", "Review", "Calibrate", "About", "Live"):
        open_tab(page, title)
        expect(page.get_by_role("tab", name=title)).to_have_attribute("aria-selected", "true")
        page.screenshot(path=artifacts / f"tab_{title.lower()}_{scheme}_{width}.png", full_page=True)
        assert faults(page) == [], title
    context.close()
