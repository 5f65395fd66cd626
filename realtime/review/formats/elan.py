"""ELAN: a tier per face, kind and status; what is moved or renamed there comes back with the import.

The state of the review stands in properties of the document, which ELAN keeps. An annotation is found
again by its id; its borders and the first word of its text count where they differ from the property's.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from realtime.clock import NS_PER_MS
from realtime.errors import ReviewError
from realtime.output.views import NOT_XML, Candidate, elan_document
from realtime.review.codec import dumped
from realtime.review.formats.captions import kind_text
from realtime.review.formats.jsonl import lines_of, states_of
from realtime.review.judged import utc_text
from realtime.review.records import Review
from realtime.review.snapshot import Reviewed, SessionState, event_line
from realtime.types import LABELS, UNCLEAR

PROPERTY = "flinch"
ElementTree.register_namespace("xsi", "http://www.w3.org/2001/XMLSchema-instance")


def write(state: SessionState, *, media: Path | None = None) -> str:
    cues = [_cue(state, one) for one in state.events]
    root = ElementTree.fromstring(elan_document(cues, folder=Path("/"), media=media))
    header = root.find("HEADER")
    assert header is not None
    for line in lines_of([state]):
        SubElement(header, "PROPERTY", NAME=PROPERTY).text = dumped(line)
    ElementTree.indent(root, space="    ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _cue(state: SessionState, one: Reviewed) -> Candidate:
    cue = Candidate.from_record(event_line(state.session.id, one))
    return replace(cue, kind=kind_text(one), text=NOT_XML.sub("?", cue.text))


def read(text: str) -> tuple[SessionState, ...]:
    """Raises: ReviewError for a document without the properties, or one that is no ELAN document."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ReviewError("a document with its own entities is not read")
    try:
        root = ElementTree.fromstring(text)
        lines = [
            json.loads(found.text or "") for found in root.iterfind("HEADER/PROPERTY") if _is_ours(found)
        ]
        states = states_of(lines)
    except (ElementTree.ParseError, ValueError, AttributeError, RecursionError) as error:
        raise ReviewError(f"this ELAN document is damaged: {error}") from error
    if not states:
        raise ReviewError("this ELAN document was not exported from a review: its properties are missing")
    edits = dict(_annotations(root)) if len(states) == 1 else {}
    return tuple(
        replace(state, events=tuple(_edited(one, edits) for one in state.events)) for state in states
    )


def _is_ours(found: Element) -> bool:
    return found.get("NAME") == PROPERTY


def _annotations(root: Element) -> Iterator[tuple[int, tuple[int, int, str]]]:
    """Event number -> onset and offset in milliseconds, and the text."""
    slots = {
        slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in root.iterfind("TIME_ORDER/TIME_SLOT")
    }
    for found in root.iterfind("TIER/ANNOTATION/ALIGNABLE_ANNOTATION"):
        id, text = found.get("ANNOTATION_ID", ""), found.findtext("ANNOTATION_VALUE") or ""
        times = [slots.get(found.get(f"TIME_SLOT_REF{end}")) or "" for end in (1, 2)]
        if id[:1] == "a" and id[1:].isdigit() and all(time.isdigit() for time in times):
            yield int(id[1:]) - 1, (int(times[0]), int(times[1]), text)


def _edited(one: Reviewed, edits: Mapping[int, tuple[int, int, str]]) -> Reviewed:
    """The event with what was changed of its annotation."""
    if one.event.event not in edits:
        return one
    onset_ms, offset_ms, text = edits[one.event.event]
    review = _moved(one, onset_ms, offset_ms)
    word = text.split(" ")[0]
    if word in (*LABELS, UNCLEAR):
        review = replace(review, label=word)
    if review != one.review and review.decided is None:
        review = replace(review, decided=utc_text())
    return replace(one, review=review)


def _moved(one: Reviewed, onset_ms: int, offset_ms: int) -> Review:
    """Borders that were dragged, on the nearest frame at the event's mean distance of frames."""
    event, review = one.event, one.review
    step_ns = (event.offset_ns - event.onset_ns) / (event.offset_frame - event.onset_frame)
    for name, wanted_ms in (("onset", onset_ms), ("offset", offset_ms)):
        away_ns = wanted_ms * NS_PER_MS - getattr(review, f"{name}_ns")
        steps = round(away_ns / step_ns) if abs(away_ns) > NS_PER_MS else 0
        if steps:
            frame = getattr(review, f"{name}_frame") + steps
            review = replace(
                review,
                **{
                    f"{name}_frame": frame,
                    f"{name}_ns": getattr(review, f"{name}_ns") + round(steps * step_ns),
                },
            )
    if not 0 <= review.onset_frame < review.apex_frame < review.offset_frame:
        raise ReviewError(f"event {event.event}: its annotation does not hold its apex any more")
    return review
