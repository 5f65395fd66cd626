"""What the Replay tab shows of a batch: one card a clip, with its progress, timeline and candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from realtime.web.replay_state import Batch, ClipState, Stage

WIDTH, HEIGHT = 1000, 80  # of a timeline, in its own units: it is stretched to the card
MOST_OVER = 4.0  # a score this many times over its threshold reaches the top
LISTED = 6  # candidates on a card; the rest is counted
COLUMNS = 700  # points drawn of a curve
EMPTY = """<div class="replay-empty"><p><b>No clip yet.</b> Give video files and press
<i>Analyse</i>. Each clip is decoded in a process of its own and analysed as a live camera would be; its
candidates then wait for you under <i>Review</i>.</p></div>"""


def board_html(batch: Batch | None) -> str:
    """The whole right side."""
    if batch is None:
        return EMPTY
    cards = "".join(card_html(clip) for clip in batch.clips)
    return f'<section class="replay-board">{head_html(batch)}{cards}</section>'


def head_html(batch: Batch) -> str:
    """How many are done, and how long the present one still takes."""
    stages = [clip.stage for clip in batch.clips]
    running = next((clip for clip in batch.clips if clip.stage is Stage.RUNNING), None)
    said = [f"{stages.count(Stage.DONE)} of {len(stages)} clips done"]
    said += [
        f"{stages.count(kind)} {kind.value}" for kind in (Stage.REFUSED, Stage.CANCELLED) if kind in stages
    ]
    if running is not None:
        said.append(left_text(running))
    found = sum(len(clip.events) for clip in batch.clips)
    if not batch.running:
        said.append(f"{found} candidate{'' if found == 1 else 's'}")
        said.append("results kept" if batch.kept else "results not kept on disk")
    button = review_button(found) if any(clip.sessions for clip in batch.clips) else ""
    words = " &middot; ".join(escape(part) for part in said)
    return f'<div class="replay-head"><span aria-live="polite">{words}</span>{button}</div>'


def review_button(found: int) -> str:
    return (
        f'<button type="button" class="replay-review" data-open-tab="Review">Review {found} &rarr;</button>'
    )


def left_text(clip: ClipState) -> str:
    """`about 1 min 20 s left`."""
    if clip.left_s is None:
        return "opening" if clip.frames == 0 else "going on"
    left = round(clip.left_s)
    return f"about {left // 60} min {left % 60} s left" if left >= 60 else f"about {max(1, left)} s left"


def card_html(clip: ClipState) -> str:
    kind = clip.stage.value
    body = [f'<header><b>{escape(clip.title)}</b><span class="replay-badge">{escape(kind)}</span></header>']
    if clip.frames:
        body.append(f'<p class="replay-facts">{escape(facts_text(clip))}</p>')
    if clip.stage is Stage.RUNNING:
        body.append(bar_html(clip))
    if clip.points:
        body.append(timeline_html(clip))
    if clip.events:
        body.append(events_html(clip.events))
    elif clip.stage is Stage.DONE:
        none = "no candidate found" if clip.seen else "no face was seen in this clip"
        body.append(f'<p class="replay-facts">{none}</p>')
    if clip.words:
        body.append(f'<p class="replay-words">{escape(clip.words)}</p>')
    return f'<article class="replay-card replay-is-{kind}">{"".join(body)}</article>'


def facts_text(clip: ClipState) -> str:
    """`640x480, 25.0 fps, 512 of 1337 frames, 178 a second`."""
    fps = clip.source.get("fps")
    of = f" of {clip.total}" if clip.total and clip.stage is Stage.RUNNING else ""
    said = [clip.source.get("size_px"), f"{fps:.1f} fps" if isinstance(fps, float) else None]
    said.append(f"{clip.frames}{of} frames")
    if clip.stage is Stage.RUNNING and clip.rate:
        said.append(f"{clip.rate:.0f} a second, {left_text(clip)}")
    return ", ".join(str(part) for part in said if part)


def bar_html(clip: ClipState) -> str:
    share = clip.share
    if share is None:
        return '<div class="replay-bar replay-busy" role="progressbar" aria-label="progress"><i></i></div>'
    percent = round(100 * share)
    return (
        f'<div class="replay-bar" role="progressbar" aria-label="progress" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent}"><i style="width:{percent}%"></i></div>'
    )


def timeline_html(clip: ClipState) -> str:
    """Score over its threshold against time, with the candidates' spans behind it."""
    end_s = max(clip.points[-1][0], *(event["offset_s"] for event in clip.events), 0.1)
    if clip.share and clip.stage is not Stage.DONE:
        end_s /= clip.share  # what is still to come is left empty
    spans = "".join(span_svg(event, end_s) for event in clip.events)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in curve(clip.points, end_s))
    limit = HEIGHT * (1 - 1 / MOST_OVER)
    svg = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="movement over time, {len(clip.events)} candidates">{spans}'
        f'<line x1="0" x2="{WIDTH}" y1="{limit:g}" y2="{limit:g}"/><polyline points="{line}"/></svg>'
    )
    marks = "".join(f"<span>{mark}</span>" for mark in axis(end_s))
    return f'<div class="replay-timeline">{svg}<div class="replay-axis">{marks}</div></div>'


def span_svg(event: dict[str, Any], end_s: float) -> str:
    x = WIDTH * event["onset_s"] / end_s
    width = max(3.0, WIDTH * (event["offset_s"] - event["onset_s"]) / end_s)
    words = escape(event_text(event))
    label = escape(event["label"])
    return (
        f'<rect class="replay-{label}" x="{x:.1f}" width="{width:.1f}" y="0" height="{HEIGHT}">'
        f"<title>{words}</title></rect>"
    )


def curve(points: Sequence[list[float]], end_s: float) -> Iterable[tuple[float, float]]:
    """Where the line goes; of many points the highest of each column."""
    columns: dict[int, float] = {}
    for t_s, score, threshold in points:
        column = int(COLUMNS * t_s / end_s)
        over = min(MOST_OVER, score / threshold) if threshold > 0 else 0.0
        columns[column] = max(over, columns.get(column, 0.0))
    for column, over in sorted(columns.items()):
        yield WIDTH * column / COLUMNS, HEIGHT * (1 - over / MOST_OVER)


def axis(end_s: float) -> list[str]:
    """Five marks from the beginning to the end, such as 0:00 and 1:30."""
    times = [end_s * part / 4 for part in range(5)]
    return [f"{int(t) // 60}:{t % 60:02.0f}" if end_s >= 20 else f"{t:.1f} s" for t in times]


def events_html(events: Sequence[dict[str, Any]]) -> str:
    rows = "".join(
        f'<li class="replay-{escape(event["label"])}">{escape(event_text(event))}</li>'
        for event in events[:LISTED]
    )
    more = len(events) - LISTED
    return f'<ul class="replay-events">{rows}{f"<li>and {more} more</li>" if more > 0 else ""}</ul>'


def event_text(event: dict[str, Any]) -> str:
    """`12.10 to 12.43 s, micro, surprise 81 %, blink`."""
    sure = "" if event["confidence"] is None else f" {event['confidence']:.0%}"
    said = [f"{event['onset_s']:.2f} to {event['offset_s']:.2f} s", event["kind"], f"{event['label']}{sure}"]
    return ", ".join([*said, *(flag.replace("_", " ") for flag in event["flags"])])
