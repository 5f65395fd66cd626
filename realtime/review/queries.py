"""A question about candidates as SQL; every value goes in as a parameter."""

from __future__ import annotations

import math
from collections.abc import Iterable

from realtime.errors import ReviewError
from realtime.review.records import MOST_EVIDENCE, Candidate, Query, Unit, unit_of

EVIDENCE = f"e.kind = 'micro' AND coalesce(e.spot_score <= {MOST_EVIDENCE}, 0)"  # as `records.unit_of`
ORDERS = {
    "time": ("s.started", "s.rowid", "e.onset_ns", "e.event"),
    "confidence": ("e.confidence",),
    "strength": (EVIDENCE, "e.spot_score"),  # two units are never compared: evidence lies above noise
    "decided": ("d.decided",),
}
JOINED = """
    FROM events e JOIN sessions s ON s.id = e.session LEFT JOIN decisions d ON d.id = e.decision
"""
SELECTED = """
    SELECT e.session, e.record, d.status, d.label, d.onset_frame, d.apex_frame, d.offset_frame,
           d.onset_ns, d.apex_ns, d.offset_ns, d.note, d.decided,
           EXISTS (SELECT 1 FROM evidence v WHERE v.session = e.session AND v.event = e.event)
"""
LABEL, STATUS = "coalesce(d.label, e.label)", "coalesce(d.status, 'pending')"


def sql_of(query: Query) -> tuple[str, list[object]]:
    """The statement and its values. Raises: ReviewError for an order that is none."""
    if query.order not in ORDERS:
        raise ReviewError(f"{query.order!r} is no order; give one of {', '.join(ORDERS)}")
    where, values = where_of(query)
    way = "DESC" if query.descending else "ASC"
    order = ", ".join(f"{column} {way}" for column in ORDERS[query.order])
    return f"{SELECTED} {JOINED} WHERE {where} ORDER BY {order}, e.session, e.event LIMIT ?", [
        *values,
        query.limit,
    ]


def where_of(query: Query) -> tuple[str, list[object]]:
    """The conditions, joined with AND, and their values."""
    parts, values = ["1"], list[object]()
    lists: tuple[tuple[str, tuple[object, ...]], ...] = (
        ("e.session", query.sessions),
        ("e.event", query.events),
        ("s.source", query.sources),
        ("e.kind", query.kinds),
        (LABEL, query.labels),
        (STATUS, query.statuses),
    )
    for column, wanted in lists:
        if wanted:
            parts.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values += wanted
    if query.text.strip():
        parts.append(
            _contains(("s.name", "s.source", "s.subject", "s.started", "d.note"), query.text, values)
        )
    if query.flags:
        parts.append(f"({' OR '.join(_flagged(query.flags, values))})")
    parts += [f"NOT {has}" for has in _flagged(query.without_flags, values)]
    least, most = query.confidence
    if (least, most) != (0.0, 1.0):
        parts.append("e.confidence BETWEEN ? AND ?")
        values += [least, most]
    return " AND ".join(parts), values


def _contains(columns: Iterable[str], text: str, values: list[object]) -> str:
    """Every word of the text stands in one of the columns."""
    words = []
    for word in text.split():
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        either = [f"coalesce({column}, '') LIKE ? ESCAPE '\\'" for column in columns]
        values += [pattern] * len(either)
        words.append(f"({' OR '.join(either)})")
    return " AND ".join(words)


def _flagged(flags: Iterable[str], values: list[object]) -> list[str]:
    found = []
    for flag in flags:
        found.append("instr(e.flags, ?) > 0")
        values.append(f";{flag};")
    return found


def sort_key(order: str, found: Candidate, began: str) -> tuple[object, ...]:
    """What `order` sorts by, where candidates of several files are put into one order."""
    event = found.event
    if order == "confidence":
        return (_real(event.confidence),)
    if order == "strength":
        return unit_of(event) is Unit.EVIDENCE, _real(event.spot_score)
    return (found.review.decided or "",) if order == "decided" else (began, found.session, event.onset_ns)


def _real(value: float) -> float:
    return value if math.isfinite(value) else -math.inf
