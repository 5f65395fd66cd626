from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ConfigError
from train.scoring.halves import NEVER, Video, chosen_by, found_in, half_of, main, sure_by
from train.scoring.score import Interval

TRUE = Interval("a", 10, 19, "micro", amplitude_px=1.0)


def said(onset: int, *flags: str) -> Interval:
    return Interval("a", onset, onset + 9, "micro", flags=frozenset(flags))


def runs(quiet_from: float) -> dict[str, list[Video]]:
    """Found at .6, a flagged false alarm at .4; untouched clips give an unflagged one up to `quiet_from`."""
    asked = Video(True, 1.0, (TRUE,), ((said(10), 0.6), (said(50, "speech"), 0.4)))
    untouched = Video(True, 0.5, (), ((said(10), quiet_from - 0.01),))
    return {"still": [asked], "talking": [asked], "acting": [asked], "untouched": [untouched]}


def test_counts_follow_the_threshold_and_flags_forgive() -> None:
    low, high = (found_in(runs(0.3)["still"], threshold) for threshold in (0.25, 0.5))
    assert (low.all.tp, low.all.fp, low.forgiven.fp, low.unflagged.fp) == (1, 1, 0, 0)
    assert (high.all.f1, (low + high).all.tp, (low + high).minutes) == (1.0, 2, 2.0)


def test_the_best_threshold_that_is_quiet_enough_is_chosen() -> None:
    assert chosen_by(runs(0.3), 0.25) == 0.45  # the first without the false alarm
    assert chosen_by(runs(0.55), 0.25) == 0.55
    with pytest.raises(ConfigError, match="quiet"):
        chosen_by(runs(0.9), 0.25)


def flagged(score: float, loud: float) -> dict[str, list[Video]]:
    """Found, and flagged, at `score`; untouched clips give a flagged false alarm at `loud`."""
    asked = Video(
        True, 1.0, (TRUE,), ((said(10, "speech", "light_change"), 0.3), (said(10, "speech"), score))
    )
    untouched = Video(True, 0.5, (), ((said(10, "blink"), loud),))
    return {"still": [asked], "talking": [asked], "acting": [asked], "untouched": [untouched]}


def test_what_is_sure_names_no_other_cause() -> None:
    talking = flagged(0.8, 0.6)["talking"]
    assert found_in(talking, 0.5).unflagged.tp == 0 and found_in(talking, 0.5).all.tp == 1
    assert found_in(talking, 0.5, sure=0.8).unflagged.tp == 1
    assert found_in(talking, 0.25, sure=0.25).unflagged.fp == 0  # a change of the light is still named
    assert found_in(flagged(0.8, 0.6)["untouched"], 0.5, sure=0.55).per_minute == 2.0


def test_the_first_evidence_is_chosen_that_is_quiet_enough_to_be_sure_from() -> None:
    assert sure_by(flagged(0.8, 0.6), 0.5) == 0.65
    assert sure_by(flagged(0.8, 0.97), 0.5) == NEVER


def test_halves_share_nobody() -> None:
    assert half_of(runs(0.3), first=False) == {part: [] for part in runs(0.3)}


def test_a_part_that_was_not_run_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--runs", str(tmp_path)]) == 2
    assert "train.spotbench --part still" in capsys.readouterr().err


def test_the_second_half_may_come_from_networks_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two-fold: `--runs` finds nothing in the second half and `--second` nothing in the first."""
    missed = Video(True, 1.0, (TRUE,), ())
    hit = Video(True, 1.0, (TRUE,), ((said(10), 0.6),))

    def read(folder: Path, people: str) -> dict[str, list[Video]]:
        first, second = (hit, missed) if folder.name == "a" else (missed, hit)
        videos = [first, replace(second, first=False)]
        return dict.fromkeys(("still", "talking", "acting"), videos) | {
            "untouched": [replace(missed, truth=()), replace(missed, truth=(), first=False)]
        }

    monkeypatch.setattr("train.scoring.halves.read_runs", read)
    assert main(["--runs", str(tmp_path / "a"), "--second", str(tmp_path / "b")]) == 0
    assert "acting: TP 2 FP 0 FN 0" in capsys.readouterr().out
    assert main(["--runs", str(tmp_path / "a")]) == 0
    assert "acting: TP 1 FP 0 FN 1" in capsys.readouterr().out
