"""One slot, newest wins."""

from __future__ import annotations

import threading

from realtime.mailbox import Mailbox


def test_the_newest_wins_and_replacements_are_counted() -> None:
    box: Mailbox[int] = Mailbox()
    for item in range(5):
        box.put(item)
    assert box.take() == 4
    assert box.replaced == 4


def test_an_item_is_taken_once() -> None:
    box: Mailbox[str] = Mailbox()
    box.put("a")
    assert box.take() == "a"
    assert box.take() is None
    box.put("b")
    assert box.replaced == 0


def test_close_releases_a_waiting_reader() -> None:
    box: Mailbox[int] = Mailbox()
    got: list[int | None] = []
    reader = threading.Thread(target=lambda: got.append(box.take(timeout_s=60.0)))
    reader.start()
    box.close()
    reader.join(timeout=10.0)
    assert not reader.is_alive()
    assert got == [None]


def test_after_close_the_last_item_stays_and_no_other_comes() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(1)
    box.close()
    box.put(2)
    assert box.take() == 1
    assert box.replaced == 0


def test_falsy_items_count_as_items() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(0)
    box.put(0)
    assert box.replaced == 1
    assert box.take() == 0
