"""WebVTT: captions of what was not rejected; the state of the review stands in comments that players skip."""

from __future__ import annotations

import json
from dataclasses import replace

from realtime.errors import ReviewError
from realtime.output.views import Candidate, vtt_document
from realtime.review.codec import dumped
from realtime.review.formats.jsonl import lines_of, states_of
from realtime.review.records import Status
from realtime.review.snapshot import Reviewed, SessionState, event_line

MARK = "NOTE flinch "


def write(state: SessionState) -> str:
    shown = [one for one in state.events if one.review.status is not Status.REJECTED]
    captions = vtt_document(_cue(state, one) for one in shown)
    # "-->" must not stand in a comment
    notes = [f"{MARK}{dumped(line).replace('>', chr(92) + 'u003e')}\n" for line in lines_of([state])]
    return "\n".join([captions, *notes])


def _cue(state: SessionState, one: Reviewed) -> Candidate:
    cue = Candidate.from_record(event_line(state.session.id, one))
    return replace(cue, kind=kind_text(one))


def kind_text(one: Reviewed) -> str:
    """`micro`, or `accepted micro` once a person has said so."""
    status = "" if one.review.status is Status.PENDING else f"{one.review.status.value} "
    return f"{status}{one.as_reviewed.kind.value}"


def read(text: str) -> tuple[SessionState, ...]:
    """Raises: ReviewError for captions without the comments."""
    lines = [line[len(MARK) :] for line in text.split("\n") if line.startswith(MARK)]
    if not lines:
        raise ReviewError("these captions were not exported from a review: their comments are missing")
    try:
        return states_of([json.loads(line) for line in lines])
    except (ValueError, AttributeError, RecursionError) as error:
        raise ReviewError(f"the comments of these captions are damaged: {error}") from error
