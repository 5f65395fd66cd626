"""A library to review, and what the tests of the Review tab ask of a page."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from realtime.benches.browser import Served
from realtime.review.formats.jsonl import write
from realtime.review.records import Origin, Ref
from realtime.review.snapshot import snapshot
from realtime.review.store import Store
from tests.realtime.review.conftest import filled

FILM = Path("sessions", "session-20260101-120000", "video_001.mkv")  # of the recorded session


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

    def subjects(self) -> set[str]:
        with Store(self.path) as store:
            return {session.subject for session in store.sessions()}


def filled_library(server: Served) -> Library:
    """The server's library made anew: what another test left is gone."""
    film = server.data / FILM
    film.parent.mkdir(parents=True, exist_ok=True)
    film.write_bytes(b"a film")
    with Store(server.data / "flinch.sqlite") as store:
        for session in store.sessions():
            store.delete_session(session.id)
        refs = filled(store)
        store.add_session("recorded one", "camera:0", Origin.LIVE, folder=film.parent.name)
    return Library(server, refs)


def detail(page: Page) -> Locator:
    return page.get_by_role("region", name="Candidate", exact=True)


def button(page: Page, name: str) -> Locator:
    return detail(page).get_by_role("button", name=name, exact=True)


def sessions(page: Page) -> Locator:
    page.get_by_role("tab", name="Sessions and exports").click()
    table = page.locator("flinch-sessions")
    expect(table.locator("tbody tr")).to_have_count(3)
    return table
