"""Whether a page can be read: contrast of every text that is shown, and nothing beyond its edge."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

LOOKS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").partition("\n")[2]


def faults(page: Page) -> list[str]:
    """What somebody could not read, in words; nothing on a good page."""
    found = page.evaluate(LOOKS)
    return [*(f"faint: {one}" for one in found["faint"]), *(f"beyond: {one}" for one in found["beyond"])]
