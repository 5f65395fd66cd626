"""What the Review tab asks for: lists, pictures, decisions, exports and imports, each visitor their own.

Everything is answered from the desk; no answer may be stored by a browser, since most show a face.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from realtime.errors import FlinchError, ReviewError
from realtime.review.desk import Desk
from realtime.review.exports import export
from realtime.review.imports import MOST_BYTES, import_file
from realtime.review.records import Change, Evidence, Query, Ref, Status
from realtime.review.remade import heat_as_reviewed
from realtime.sizes import MB
from realtime.web.review_views import candidate_view, detail_view, entry_view, still
from realtime.web.visitor import known_visitor

PREFIX = "/review"
IMPORT_PATH = f"{PREFIX}/import"  # its body may hold MOST_BYTES
BODY_S = 60.0  # an import that takes longer is given up
PRIVATE = {"cache-control": "no-store"}
LISTS = ("sessions", "sources", "kinds", "labels", "statuses", "flags", "without_flags")

Answer = Callable[[Request], Any]


class ReviewRoutes:
    """The routes below PREFIX."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> APIRouter:
        router = APIRouter(prefix=PREFIX)
        of_event = "/{session}/{event:int}"
        for path, answer in (
            ("/sessions", self._sessions),
            ("/events", self._events),
            (f"/events{of_event}", self._event),
            ("/export/{format}", self._export),
        ):
            router.add_api_route(path, told(answer), methods=["GET"])
        for path, answer in (("loop", self._loop), ("heat", self._heat), ("still", self._still)):
            router.add_api_route(f"/{path}{of_event}", told(answer, picture=True), methods=["GET"])
        router.add_api_route(f"/events{of_event}", told(self._decide, body=True), methods=["POST"])
        router.add_api_route("/sessions/{session}", told(self._describe, body=True), methods=["POST"])
        router.add_api_route("/sessions/{session}", told(self._delete), methods=["DELETE"])
        router.add_api_route("/import", told(self._import, body=True), methods=["POST"])
        return router

    # what is there

    def _sessions(self, request: Request) -> Any:
        self._desk.index_recordings()
        return {"sessions": [entry_view(entry) for entry in self._desk.entries(visitor_in(request))]}

    def _events(self, request: Request) -> Any:
        visitor, query = visitor_in(request), query_in(request)
        names = {entry.session.id: entry for entry in self._desk.entries(visitor)}
        found = self._desk.candidates(visitor, query)
        return {
            "events": [candidate_view(one, names[one.session]) for one in found if one.session in names],
            "more": len(found) == query.limit,
        }

    def _event(self, request: Request) -> Any:
        visitor, ref = visitor_in(request), ref_in(request)
        store = self._desk.owner(visitor, ref.session)
        return detail_view(store.candidate(ref), store.evidence(ref))

    # pictures

    def _evidence(self, request: Request) -> Evidence:
        ref = ref_in(request)
        evidence = self._desk.owner(visitor_in(request), ref.session).evidence(ref)
        if evidence is None:
            raise ReviewError("no pictures were kept with this event")
        return evidence

    def _loop(self, request: Request) -> Response:
        return ranged(self._evidence(request).loop_mp4, request.headers.get("range"), "video/mp4")

    def _heat(self, request: Request) -> Response:
        found = self._desk.candidate(visitor_in(request), ref_in(request))
        heat = heat_as_reviewed(found.event, found.review, self._evidence(request))
        headers = {**PRIVATE, "x-range-px": f"{heat.range_px:.2f}"}
        return Response(heat.png, media_type="image/png", headers=headers)

    def _still(self, request: Request) -> Response:
        found = self._desk.candidate(visitor_in(request), ref_in(request))
        return Response(
            still(self._evidence(request), found.event.apex_frame), media_type="image/jpeg", headers=PRIVATE
        )

    # what a person wants

    def _decide(self, request: Request, body: bytes) -> Any:
        visitor, ref, wish = visitor_in(request), ref_in(request), wish_in(body)
        store = self._desk.owner(visitor, ref.session)
        if wish.get("do") == "undo":
            found = store.undo(ref)
        elif wish.get("do") == "shift":
            found = store.shift(ref, str(wish.get("mark")), whole(wish.get("steps")))
        else:
            found = store.decide(ref, change_of(wish))
        return detail_view(found, store.evidence(ref))

    def _describe(self, request: Request, body: bytes) -> Any:
        visitor, session, wish = visitor_in(request), request.path_params["session"], wish_in(body)
        name, subject = (
            None if wish.get(key) is None else str(wish[key])[:200] for key in ("name", "subject")
        )
        self._desk.owner(visitor, session).describe_session(session, name=name, subject=subject)
        return {}

    def _delete(self, request: Request) -> Any:
        self._desk.delete(visitor_in(request), request.path_params["session"])
        return {}

    # files

    def _export(self, request: Request) -> Response:
        visitor = visitor_in(request)
        chosen = request.query_params.getlist("session")
        sessions = chosen or [entry.session.id for entry in self._desk.entries(visitor)]
        made = export(self._desk, visitor, sessions, request.path_params["format"])
        disposition = f'attachment; filename="{made.name}"'
        notes = "; ".join(made.notes)
        headers = {**PRIVATE, "content-disposition": disposition, "x-left-out": notes}
        return Response(made.content, media_type=made.type, headers=headers)

    def _import(self, request: Request, body: bytes) -> Any:
        keep = request.query_params.get("keep") == "1"
        done = import_file(self._desk, visitor_in(request), body, keep=keep)
        return {
            "sessions": len(done.sessions),
            "added_sessions": done.added_sessions,
            "added_events": done.added_events,
            "changed_reviews": done.changed_reviews,
        }


def told(answer: Callable[..., Any], *, body: bool = False, picture: bool = False) -> Answer:
    """Runs `answer` beside the loop; what goes wrong by a user's doing comes back as one line."""

    async def asked(request: Request) -> Response:
        try:
            given = (request, await read_body(request)) if body else (request,)
            said = await run_in_threadpool(answer, *given)
        except FlinchError as error:
            # a browser puts every other code on its console, and a refusal is no fault
            return JSONResponse({"error": str(error)}, 404 if picture else 200, headers=PRIVATE)
        return said if isinstance(said, Response) else JSONResponse(said, headers=PRIVATE)

    return asked


async def read_body(request: Request) -> bytes:
    """Raises: ReviewError when it takes too long or is too large."""
    try:
        body = await asyncio.wait_for(request.body(), BODY_S)
    except asyncio.TimeoutError:
        raise ReviewError("the request took too long to arrive") from None
    if len(body) > MOST_BYTES:
        raise ReviewError(f"at most {MOST_BYTES // MB} MB are read")
    return body


def visitor_in(request: Request) -> str:
    """Raises: ReviewError without the page's cookie."""
    visitor = known_visitor(request.cookies)
    if visitor is None:
        raise ReviewError("this page needs its cookie: allow cookies for this address and reload the page")
    return visitor


def ref_in(request: Request) -> Ref:
    return Ref(request.path_params["session"], min(request.path_params["event"], 2**62))


def query_in(request: Request) -> Query:
    """The filter as the page writes it. Raises: ReviewError."""
    asked = request.query_params
    try:
        least, most = float(asked.get("least", 0.0)), float(asked.get("most", 1.0))
    except ValueError as error:
        raise ReviewError(f"the confidence must be a number: {error}") from error
    return Query(
        text=asked.get("text", "")[:200],
        confidence=(least, most),
        order=asked.get("order", "time"),
        descending=asked.get("descending") == "1",
        **{name: tuple(asked.getlist(name)[:50]) for name in LISTS},  # type: ignore[arg-type]
    )


def wish_in(body: bytes) -> dict[str, Any]:
    """Raises: ReviewError when the body is no JSON object."""
    try:
        wish = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"the request is no JSON: {error}") from error
    if not isinstance(wish, dict):
        raise ReviewError("the request is no JSON object")
    return wish


def change_of(wish: dict[str, Any]) -> Change:
    """Raises: ReviewError for a status that is none."""
    status, label, note = wish.get("status"), wish.get("label"), wish.get("note")
    if status is not None and status not in [one.value for one in Status]:
        raise ReviewError(f"{str(status)[:40]!r} is no status; give pending, accepted or rejected")
    frames = {
        f"{mark}_frame": whole(wish[mark])
        for mark in ("onset", "apex", "offset")
        if wish.get(mark) is not None
    }
    return Change(
        status=None if status is None else Status(status),
        label=None if label is None else str(label),
        note=None if note is None else str(note),
        **frames,
    )


def whole(value: object) -> int:
    """Raises: ReviewError."""
    if not isinstance(value, int) or abs(value) > 2**53:
        raise ReviewError(f"{str(value)[:40]!r} is no number of frames")
    return value


def ranged(content: bytes, wanted: str | None, type: str) -> Response:
    """All of it, or the one range asked for: a browser jumps about in a film only where it may ask so."""
    headers = {**PRIVATE, "accept-ranges": "bytes"}
    first, last = 0, len(content) - 1
    if wanted is not None and wanted.startswith("bytes=") and "," not in wanted:
        begin, _, end = wanted[6:].partition("-")
        if begin.isdigit() and (end.isdigit() or not end) and int(begin) <= last:
            first, last = int(begin), min(last, int(end)) if end else last
            headers["content-range"] = f"bytes {first}-{last}/{len(content)}"
            return Response(content[first : last + 1], 206, headers, type)
    return Response(content, 200, headers, type)
