"""What stands on the cards, and that names of strangers are only ever text."""

from __future__ import annotations

import re

from realtime.web.page.replay_board import axis, board_html, card_html, event_text, left_text
from realtime.web.replay_state import Batch, ClipState, Stage

EVENT = {
    "event": 0, "face": 0, "kind": "micro", "label": "surprise", "confidence": 0.81,
    "onset_s": 1.0, "apex_s": 1.2, "offset_s": 1.4, "flags": ["blink", "head_motion"],
}  # fmt: skip
POINTS = [[n / 10, 60.0 if n == 12 else 3.0, 6.0] for n in range(50)]
SOURCE = {"size_px": "640x480", "fps": 25.0}


def running(**changes) -> ClipState:
    state = ClipState("a.mp4", Stage.RUNNING, frames=50, total=200, rate=10.0, source=SOURCE)
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def test_nothing_yet_says_what_to_do():
    assert "Give video files" in board_html(None)


def test_a_running_clip_shows_share_and_time_left():
    html = card_html(running())
    assert 'aria-valuenow="25"' in html and "width:25%" in html
    assert "640x480, 25.0 fps, 50 of 200 frames, 10 a second, about 15 s left" in html
    assert "replay-busy" in card_html(running(total=None))
    assert left_text(running(total=2000)) == "about 3 min 15 s left"
    assert left_text(running(frames=0, rate=None)) == "opening"


def test_names_and_errors_are_text():
    html = card_html(ClipState("<img src=x onerror=alert(1)>", Stage.REFUSED, words="<script>no</script>"))
    assert "<img" not in html and "<script" not in html and "&lt;script&gt;" in html


def test_the_timeline_has_a_span_for_each_candidate_and_keeps_the_peak():
    html = card_html(running(stage=Stage.DONE, points=POINTS, events=[EVENT]))
    x, width = map(float, re.search(r'class="replay-surprise" x="([\d.]+)" width="([\d.]+)"', html).groups())
    assert (round(x / 1000 * 4.9, 2), round((x + width) / 1000 * 4.9, 2)) == (1.0, 1.4)
    heights = [float(point.split(",")[1]) for point in re.search(r'points="([^"]+)"', html)[1].split()]
    assert min(heights) == 0.0 and max(heights) == 70.0
    assert "1.00 to 1.40 s, micro, surprise 81%, blink, head motion" in html


def test_what_is_still_to_come_is_left_empty():
    html = card_html(running(points=POINTS[:11]))  # one second is a quarter of it
    places = [float(point.split(",")[0]) for point in re.search(r'points="([^"]+)"', html)[1].split()]
    assert max(places) == 250.0
    assert axis(4.0) == ["0.0 s", "1.0 s", "2.0 s", "3.0 s", "4.0 s"] and axis(120)[3] == "1:30"


def test_the_head_counts_and_leads_to_the_review():
    batch = Batch(
        [running(stage=Stage.DONE, events=[EVENT], sessions=("s",)), ClipState("b", Stage.REFUSED)], True
    )
    html = board_html(batch)
    assert "1 of 2 clips done &middot; 1 refused &middot; 1 candidate &middot; results kept" in html
    assert 'data-open-tab="Review"' in html
    assert "data-open-tab" not in board_html(Batch([running()], False))


def test_what_was_cancelled_is_not_done():
    part = running(
        stage=Stage.CANCELLED, events=[EVENT], sessions=("s",), words="cancelled after 50 of 200 frames"
    )
    html = board_html(Batch([part, ClipState("b", Stage.CANCELLED)], False))
    assert "0 of 2 clips done &middot; 2 cancelled &middot; 1 candidate &middot; results not kept" in html
    assert 'data-open-tab="Review"' in html and "cancelled after 50 of 200 frames" in html


def test_a_calm_face_is_told_from_no_face():
    assert "no candidate found" in card_html(ClipState("c", Stage.DONE, frames=95, seen=95))
    assert "no face was seen in this clip" in card_html(ClipState("c", Stage.DONE, frames=95))


def test_many_candidates_are_counted_rather_than_listed():
    html = card_html(running(stage=Stage.DONE, events=[EVENT] * 9))
    assert html.count("<li") == 7 and "and 3 more" in html
    assert event_text(EVENT | {"label": "unclear", "confidence": None}).endswith(
        "unclear, blink, head motion"
    )
