"""The bench of the page, without its browser: the numbered film, and what is made of what was seen."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.benches.browser import chromium_flags, write_y4m
from realtime.benches.stamp import BITS, BLOCK_PX, BLOCKS, NUMBERS, stamped
from realtime.benches.web import Watched, print_report, report_of, slowed_report
from realtime.sources.file import FileSource
from tests.realtime.made_up import pictures

STATS = {"fps_in": 30.0, "dropped": {}, "events": 3}


def read(bgr: NDArray[np.uint8]) -> int | None:
    """The plain twin of what the page reads."""
    row = bgr[-BLOCK_PX // 2, BLOCK_PX // 2 : BLOCKS * BLOCK_PX : BLOCK_PX].mean(axis=1)
    white, *bits, parity = (row > 127).astype(int).tolist()
    number = sum(bit << place for place, bit in enumerate(bits))
    return number if white and sum(bits) % 2 == parity else None


@pytest.mark.parametrize("number", [0, 1, 419, NUMBERS - 1, NUMBERS + 5])
def test_a_number_is_read_back_after_compression(number: int) -> None:
    picture = stamped(pictures(1, size=(640, 480))[0], number)
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])
    assert read(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)) == number % NUMBERS


def test_a_wrong_bit_is_noticed() -> None:
    picture = stamped(pictures(1, size=(640, 480))[0], 5)
    picture[-BLOCK_PX:, BLOCK_PX : 2 * BLOCK_PX] = 0
    assert read(picture) is None
    assert BITS + 2 == BLOCKS


def test_the_fake_cameras_film_holds_every_picture(tmp_path: Path) -> None:
    film = tmp_path / "film.y4m"
    given = pictures(5, size=(64, 48))
    assert write_y4m(film, given, fps=25) == 5
    with FileSource(film) as source:
        frames = list(source)
    assert [frame.bgr.shape for frame in frames] == [(48, 64, 3)] * 5
    assert frames[1].t_ns == 40_000_000
    assert str(film) in chromium_flags(film)[-1]
    assert not any("fake" in flag for flag in chromium_flags(None))


def watched(ages_ms: list[float], **changes: object) -> Watched:
    ages = np.stack([np.arange(len(ages_ms)) * 33.0, ages_ms], axis=1)
    seen: dict[str, object] = {
        "ages": ages,
        "events_ms": [120.0],
        "seconds": 10.0,
        "shown": 290,
        "unread": 1,
        "cpu_share": 0.5,
        "rss_mb": (200.0, 202.0),
        "stats": STATS,
    }
    return Watched(**{**seen, **changes})  # type: ignore[arg-type]


def test_the_report_says_age_rate_cost_drift_and_growth(capsys: pytest.CaptureFixture[str]) -> None:
    plain = watched([80.0] * 50 + [90.0] * 50)
    report = report_of(plain)
    assert report["age_ms_p50"] == 85.0 and report["age_ms_p95"] == 90.0
    assert report["age_drift_ms"] == 10.0
    assert report["fps_out"] == 29.0 and report["fps_in"] == 30.0
    assert report["rss_growth"] == 0.01
    report["slowed"] = {"500": slowed_report(watched([91.0] * 100), plain)}
    assert report["slowed"]["500"]["older_ms_p50"] == 6.0
    print_report(report)
    assert "+500 ms" in capsys.readouterr().out
