"""The MEGC rule and STRS on cases worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from train.overlap import iou
from train.scoring.score import (
    Interval,
    Match,
    compare,
    counts,
    forgiven,
    latencies_ms,
    left_out,
    recognition,
    report,
    strs,
)


def at(onset: int, offset: int, kind: str = "micro", video: str = "a", **more: object) -> Interval:
    return Interval(video, onset, offset, kind, **more)  # type: ignore[arg-type]


def share(one: Interval, other: Interval) -> float:
    return iou(one.span, other.span, step=1)


def tally(truth: list[Interval], spotted: list[Interval]) -> tuple[int, int, int]:
    counted = counts(compare(truth, spotted))
    return counted.tp, counted.fp, counted.fn


def test_both_ends_are_included() -> None:
    assert share(at(10, 19), at(10, 19)) == 1.0
    assert share(at(10, 19), at(19, 28)) == pytest.approx(1 / 19)


def test_intervals_that_touch_share_nothing() -> None:
    assert share(at(10, 19), at(20, 29)) == 0.0
    assert tally([at(10, 19)], [at(20, 29)]) == (0, 1, 1)


def test_an_iou_of_exactly_one_half_is_enough() -> None:
    assert share(at(0, 9), at(0, 4)) == 0.5
    assert tally([at(0, 9)], [at(0, 4)]) == (1, 0, 0)
    assert share(at(0, 10), at(0, 4)) < 0.5
    assert tally([at(0, 10)], [at(0, 4)]) == (0, 1, 1)


def test_of_two_predictions_for_one_truth_the_better_counts_and_the_other_is_a_false_alarm() -> None:
    better, worse = at(11, 20), at(8, 20)
    scored = compare([at(10, 20)], [worse, better])
    assert [match.spotted for match in scored.matches] == [better]
    assert scored.false_alarms == (worse,) and not scored.missed


def test_one_prediction_over_two_touching_truths_finds_one_of_them() -> None:
    assert share(at(0, 9), at(0, 19)) == share(at(10, 19), at(0, 19)) == 0.5
    scored = compare([at(10, 19), at(0, 9)], [at(0, 19)])
    assert [match.truth.onset for match in scored.matches] == [0]  # equal overlaps: the earlier
    assert [true.onset for true in scored.missed] == [10]


def test_a_match_needs_the_same_video_and_the_same_type() -> None:
    assert tally([at(10, 19)], [at(10, 19, video="b")]) == (0, 1, 1)
    assert tally([at(10, 19)], [at(10, 19, kind="macro")]) == (0, 1, 1)


def test_empty_videos() -> None:
    assert tally([], []) == (0, 0, 0)
    assert tally([], [at(1, 2)]) == (0, 1, 0)
    assert tally([at(1, 2)], []) == (0, 0, 1)
    nothing = counts(compare([], []))
    assert (nothing.precision, nothing.recall, nothing.f1) == (0, 0, 0)


def test_counts_are_pooled_over_videos_before_f1_is_taken() -> None:
    truth = [at(0, 9), at(0, 9, video="b"), at(20, 29, video="b"), at(40, 49, "macro", "b")]
    spotted = [at(0, 9), at(20, 29, video="b"), at(60, 69, video="b"), at(40, 49, "macro", "b")]
    found = report(compare(truth, spotted), minutes=2.0)
    micro = {"tp": 2, "fp": 1, "fn": 1, "precision": 0.6667, "recall": 0.6667, "f1": 0.6667}
    assert found["micro"] == {**micro, "false_alarms_per_minute": 0.5}
    assert found["macro"]["f1"] == 1.0  # type: ignore[index]
    assert found["overall"]["f1"] == 0.75  # type: ignore[index]
    assert found["false_alarms_per_minute"] == 0.5
    assert found["latency_ms_p95"] is None


def test_the_latency_counts_from_the_true_offset() -> None:
    # 10 frames a second; said at 2.3 s; the true offset is frame 19, 1.9 s; the spotted one frame 21.
    found = at(10, 21, offset_s=2.1, frame_s=0.1, emitted_s=2.3)
    assert latencies_ms([Match(at(10, 19), found)]) == [pytest.approx(400)]
    assert latencies_ms([Match(at(10, 19), at(10, 21))]) == []


def test_weak_truth_left_out_is_neither_found_nor_missed_nor_a_false_alarm() -> None:
    truth = [at(0, 9, amplitude_px=0.2), at(20, 29, amplitude_px=0.2), at(40, 49, amplitude_px=1.0)]
    scored = left_out(compare(truth, [at(0, 9), at(60, 69)]), lambda true: true.amplitude_px < 0.5)
    assert (counts(scored).tp, counts(scored).fp, counts(scored).fn) == (0, 1, 1)


def test_a_forgiven_false_alarm_is_not_counted_but_a_flagged_event_still_finds() -> None:
    blink = frozenset({"blink"})
    scored = compare([at(0, 9)], [at(0, 9, flags=blink), at(20, 29, flags=blink), at(40, 49)])
    counted = counts(forgiven(scored, blink))
    assert (counted.tp, counted.fp, counted.fn) == (1, 1, 0)


def test_recognition_is_the_harmonic_mean_of_macro_precision_and_macro_recall() -> None:
    answers = [
        ("negative", "negative"),
        ("negative", "positive"),
        ("positive", "positive"),
        ("surprise", "unclear"),
    ]
    pairs = [Match(at(0, 9, label=true), at(0, 9, label=said)) for true, said in answers]
    found = recognition(pairs)
    assert found is not None
    assert found["precision"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert found["recall"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert found["f1"] == pytest.approx(0.5)


def test_a_class_that_is_only_ever_said_wrongly_lowers_precision_and_strs() -> None:
    truth = [at(0, 9, label="negative"), at(20, 29, label="negative"), at(40, 49, label="positive")]
    labels = ("negative", "surprise", "positive")
    scored = compare(truth, [replace(true, label=said) for true, said in zip(truth, labels, strict=True)])
    found = recognition(scored.matches)
    assert found is not None
    assert found["precision"] == pytest.approx((1 + 1 + 0) / 3)
    assert found["recall"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert strs(scored, "micro") == {
        "precision": 0.6667, "recall": 0.5, "events": 3,
        "spotting_f1": 1.0, "recognition_f1": 0.5714, "strs": 0.5714,
    }  # fmt: skip


def test_strs_is_the_product_and_none_without_labels() -> None:
    truth = [at(0, 9, label="negative"), at(20, 29, label="positive")]
    scored = compare(truth, [at(0, 9, label="negative")])
    found = strs(scored, "micro")
    assert found is not None
    assert found["spotting_f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["strs"] == pytest.approx(2 / 3, abs=1e-4)
    assert strs(compare([at(0, 9)], [at(0, 9)]), "micro") is None
    assert math.isnan(at(0, 9).emitted_s)
