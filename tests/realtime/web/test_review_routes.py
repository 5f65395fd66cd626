"""The Review tab's routes: what each visitor gets, what is refused, and that nothing is left in a cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from realtime.review.desk import Desk
from realtime.review.records import Ref
from realtime.web.review_routes import ReviewRoutes, ranged
from realtime.web.visitor import COOKIE, new_visitor
from tests.realtime.made_up import made_up
from tests.realtime.review.conftest import filled


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "flinch.sqlite")
    yield made
    made.close()


@pytest.fixture
def refs(desk: Desk) -> tuple[Ref, Ref, Ref]:
    return filled(desk.store_of("", kept=True))


def client_of(desk: Desk, visitor: str | None = None) -> TestClient:
    app = FastAPI()
    app.include_router(ReviewRoutes(desk).routes())
    client = TestClient(app)
    client.cookies.set(COOKIE, visitor or new_visitor())
    return client


@pytest.fixture
def client(desk: Desk, refs: object) -> TestClient:
    return client_of(desk)


def told(client: TestClient, method: str, path: str, body: Any = None) -> Any:
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
    answer = client.request(method, f"/review{path}", content=content)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def test_sessions_and_candidates_are_listed(client: TestClient) -> None:
    sessions = told(client, "GET", "/sessions")["sessions"]
    assert {(one["name"], one["events"], one["kept"]) for one in sessions} == {
        ("Anna, morning", 2, True),
        ("clip of Bert", 1, True),
    }
    events = told(client, "GET", "/events?order=confidence&descending=1&kinds=micro")["events"]
    assert [(one["label"], one["evidence"]) for one in events] == [("positive", True), ("unclear", False)]
    assert events[0]["marks"]["onset"] == {"frame": 30, "s": 1.0}
    assert told(client, "GET", "/events?flags=blink&without_flags=speech")["events"][0]["label"] == "surprise"


def test_one_candidate_comes_with_its_curve(client: TestClient, refs: tuple[Ref, Ref, Ref]) -> None:
    one = told(client, "GET", f"/events/{refs[0]}")
    series = one["series"]
    assert series["frames"][15] == 30
    assert series["shown_s"][1] == pytest.approx(4 / 30, abs=1e-3)
    assert len(series["scores"]) == len(series["frames"]) == len(series["t_s"])
    assert one["regions"][0] == {"name": "left mouth corner", "px": 1.25}
    assert told(client, "GET", f"/events/{refs[1]}")["series"] is None


def test_a_score_comes_with_its_unit(client: TestClient, desk: Desk, refs: tuple[Ref, Ref, Ref]) -> None:
    sure = desk.store_of("", kept=True).add_event(refs[0].session, made_up(7, spot_score=0.912))
    units = [told(client, "GET", f"/events/{ref}")["spot_unit"] for ref in (*refs, sure)]
    assert units == ["noise", "noise", "noise", "evidence"]


def test_pictures_are_what_they_say(client: TestClient, refs: tuple[Ref, Ref, Ref], tmp_path: Path) -> None:
    film = client.get(f"/review/loop/{refs[0]}")
    path = tmp_path / "loop.mp4"
    path.write_bytes(film.content)
    with av.open(str(path)) as opened:
        assert opened.streams.video[0].frames == 43
    still = client.get(f"/review/still/{refs[0]}").content
    assert cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_COLOR).shape == (87, 66, 3)
    heat = client.get(f"/review/heat/{refs[0]}")
    assert heat.content.startswith(b"\x89PNG")
    assert float(heat.headers["x-range-px"]) > 1
    for answer in (film, heat):
        assert answer.headers["cache-control"] == "no-store"
    missing = client.get(f"/review/loop/{refs[1]}")
    assert (missing.status_code, missing.json()) == (404, {"error": "no pictures were kept with this event"})


def test_a_film_is_read_in_ranges() -> None:
    content = bytes(range(100))
    part = ranged(content, "bytes=10-19", "video/mp4")
    assert (part.status_code, part.body, part.headers["content-range"]) == (
        206,
        content[10:20],
        "bytes 10-19/100",
    )
    assert ranged(content, "bytes=90-", "video/mp4").body == content[90:]
    assert ranged(content, "bytes=90-900", "video/mp4").body == content[90:]
    for whole in (None, "bytes=100-", "bytes=-5", "bytes=5-6,8-9", "lines=1-2", "bytes=9-2x"):
        assert ranged(content, whole, "video/mp4").status_code == 200


def test_decisions_are_answered_with_what_holds_now(client: TestClient, refs: tuple[Ref, Ref, Ref]) -> None:
    path = f"/events/{refs[0]}"
    assert told(client, "POST", path, {"status": "accepted"})["status"] == "accepted"
    assert told(client, "POST", path, {"label": "unclear"})["label"] == "unclear"
    heat = client.get(f"/review/heat/{refs[0]}").content
    shifted = told(client, "POST", path, {"do": "shift", "mark": "apex", "steps": 2})
    assert (shifted["marks"]["apex"]["frame"], shifted["moved"]) == (37, True)
    assert client.get(f"/review/heat/{refs[0]}").content != heat
    assert told(client, "POST", path, {"onset": 28, "offset": 44})["marks"]["offset"]["frame"] == 44
    undone = told(client, "POST", path, {"do": "undo"})
    assert undone["marks"]["offset"]["frame"] == 42


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"onset": 40}, "onset 40, apex 35, offset 42: each must come before the next"),
        ({"status": "maybe"}, "'maybe' is no status; give pending, accepted or rejected"),
        ({"label": 7}, "'7' is no label"),
        ({"do": "shift", "mark": "nose", "steps": 1}, "'nose' is no mark; give one of onset, apex, offset"),
        ({"do": "shift", "mark": "apex", "steps": "far"}, "'far' is no number of frames"),
        ({"onset": 1e300}, "is no number of frames"),
        ([], "the request is no JSON object"),
        (b"{", "the request is no JSON"),
    ],
)
def test_a_refusal_is_one_line(client: TestClient, refs: tuple[Ref, Ref, Ref], body: Any, words: str) -> None:
    error = told(client, "POST", f"/events/{refs[0]}", body)["error"]
    assert words in error
    assert "\n" not in error
    assert told(client, "GET", f"/events/{refs[0]}")["decided"] is None


@pytest.mark.parametrize(
    "path", ["/events?least=x", "/events?order=x", "/events/00/1", "/export/pdf", "/export/train"]
)
def test_what_cannot_be_answered_is_said(client: TestClient, path: str) -> None:
    assert "error" in told(client, "GET", path)


def test_an_export_goes_out_and_comes_back(
    client: TestClient, desk: Desk, refs: tuple[Ref, Ref, Ref]
) -> None:
    told(client, "POST", f"/events/{refs[0]}", {"status": "accepted", "note": "yes"})
    made = client.get(f"/review/export/jsonl?session={refs[0].session}")
    assert made.headers["content-disposition"].endswith(f'{refs[0].session}.jsonl"')
    told(client, "DELETE", f"/sessions/{refs[0].session}")
    done = told(client, "POST", "/import?keep=0", made.content)
    assert (done["added_sessions"], done["added_events"], done["changed_reviews"]) == (1, 2, 1)
    assert told(client, "GET", f"/events/{refs[0]}")["note"] == "yes"
    stranger = client_of(desk)
    assert "error" in told(stranger, "GET", f"/events/{refs[0]}")


def test_a_session_is_described_and_deleted(client: TestClient, refs: tuple[Ref, Ref, Ref]) -> None:
    told(client, "POST", f"/sessions/{refs[2].session}", {"subject": "Bert"})
    names = {one["id"]: one["subject"] for one in told(client, "GET", "/sessions")["sessions"]}
    assert names[refs[2].session] == "Bert"
    told(client, "DELETE", f"/sessions/{refs[2].session}")
    assert "error" in told(client, "DELETE", f"/sessions/{refs[2].session}")


def test_without_the_cookie_nothing_is_told(desk: Desk, refs: object) -> None:
    client = client_of(desk)
    client.cookies.clear()
    assert "needs its cookie" in told(client, "GET", "/sessions")["error"]
