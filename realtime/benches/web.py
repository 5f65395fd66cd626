"""How old a picture is when it is back on the screen, what a stream costs, and that slow analysis changes
neither: measured in a real browser whose camera plays numbered pictures of the demo.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.benches.browser import Served, chromium_flags, chromium_path, served, write_y4m
from realtime.benches.stamp import BLOCK_PX, BLOCKS, READER, stamped
from realtime.clock import now_ns, seconds
from realtime.errors import SourceError
from realtime.sources.base import SourceConfig
from realtime.sources.demo import DemoSource

FILM_S = 14.0
SETTLE_S = 20.0  # rates and encoders find their level, rings and the first windows are filled
STEADY_S = 60.0  # and the allocator of every thread has its share, before memory is watched
LOADING_MS = 90_000
SLOWED_MS = (100, 500, 2000)
MEDIAN, HIGH = 50, 95
GOAL_AGE_MS, GOAL_DRIFT_MS = 250.0, 20.0


@dataclass(frozen=True, slots=True)
class Film:
    """What the browser's camera plays again and again; each picture carries its number."""

    path: Path
    pictures: int


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """One stream that was watched for a while."""

    ages: NDArray[np.float64]  # (n, 2): milliseconds since the beginning, age in milliseconds
    events_ms: list[float]  # from a movement's last frame to the frames known when its event came
    seconds: float
    shown: int
    unread: int  # pictures whose number could not be read
    cpu_share: float  # of one core, the server's process
    rss_mb: tuple[float, float]  # at the beginning and at the end
    stats: dict[str, Any]  # what the server said last

    @property
    def drift_ms(self) -> float:
        """How much older pictures are in the last tenth of the time than in the first."""
        times, ages = self.ages.T
        edge = (times[-1] - times[0]) / 10
        first, last = ages[times <= times[0] + edge], ages[times >= times[-1] - edge]
        return float(np.median(last) - np.median(first))

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self.ages[:, 1], percent))


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=20.0, help="watched, for each case")
    parser.add_argument("--minutes", type=float, default=0.0, help="watch the first case so long instead")
    parser.add_argument("--slowed", type=float, nargs="*", default=SLOWED_MS, metavar="MS", help="cases")


def main(args: argparse.Namespace) -> dict[str, object]:
    """All cases, printed and as a report. Raises: SourceError without a browser to measure in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "camera.y4m"
        camera = Film(path, write_y4m(path, numbered_pictures()))
        plain = watched(camera, Path(folder), args.minutes * 60 or args.seconds)
        report = report_of(plain)
        slowed = {ms: watched(camera, Path(folder), args.seconds, slower_ms=ms) for ms in args.slowed}
    report["slowed"] = {f"{ms:g}": slowed_report(case, plain) for ms, case in slowed.items()}
    print_report(report)
    return report


def numbered_pictures() -> Iterator[NDArray[np.uint8]]:
    with DemoSource(SourceConfig(demo_live=False, demo_seconds=FILM_S)) as demo:
        for frame in demo:
            yield stamped(frame.bgr, frame.index)


def watched(camera: Film, folder: Path, watch_s: float, slower_ms: float | None = None) -> Watched:
    """A server and a browser, and what was seen in so many seconds."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SourceError("bench web needs playwright: pip install -r requirements-dev.txt") from error
    data = folder / f"data-{slower_ms}"
    if slower_ms is None:
        server = served(data)
    else:
        server = served(data, module="realtime.benches.web_slowed", before=[f"{slower_ms:g}"])
    with server as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=chromium_flags(camera.path)
        )
        try:
            return looked_at(browser.new_page(), running, watch_s, camera.pictures)
        finally:
            browser.close()


def looked_at(page: Any, server: Served, watch_s: float, film: int) -> Watched:
    page.goto(server.url)
    page.get_by_role("button", name="Everyone in view agrees: begin").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_selector("flinch-live.flinch-on", timeout=LOADING_MS)
    page.wait_for_timeout((SETTLE_S if watch_s <= STEADY_S else STEADY_S) * 1000)
    page.evaluate(READER, [BLOCKS, BLOCK_PX, film])
    began_ns, cpu_s, rss_mb = now_ns(), cpu_of(server.process.pid), rss_of(server.process.pid)
    page.wait_for_timeout(watch_s * 1000)
    found = page.evaluate("window.ages")
    stats = page.evaluate("document.querySelector('flinch-live').stats")
    lasted_s = seconds(now_ns() - began_ns)
    if len(found["ages"]) < 2:
        raise SourceError("no picture came back: nothing was measured")
    return Watched(
        ages=np.array(found["ages"], np.float64),
        events_ms=found["events"],
        seconds=lasted_s,
        shown=found["shown"],
        unread=found["unread"],
        cpu_share=(cpu_of(server.process.pid) - cpu_s) / lasted_s,
        rss_mb=(rss_mb, rss_of(server.process.pid)),
        stats=stats,
    )


def cpu_of(pid: int) -> float:
    """Seconds of processor time that the process has used (Linux)."""
    values = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def rss_of(pid: int) -> float:
    """Resident memory of the process, 10^6 bytes (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def report_of(case: Watched) -> dict[str, object]:
    return {
        "age_ms_p50": round(case.percentile(MEDIAN), 1),
        "age_ms_p95": round(case.percentile(HIGH), 1),
        "fps_in": case.stats["fps_in"],
        "fps_out": round(case.shown / case.seconds, 2),
        "cpu_share": round(case.cpu_share, 3),
        "age_drift_ms": round(case.drift_ms, 1),
        "rss_growth": round(case.rss_mb[1] / case.rss_mb[0] - 1, 4),
        "rss_mb": [round(value, 1) for value in case.rss_mb],
        "seconds": round(case.seconds, 1),
        "unread": case.unread,
        "event_age_ms": [round(age) for age in case.events_ms],
        "dropped": case.stats["dropped"],
        "candidates": case.stats["events"],
    }


def slowed_report(case: Watched, plain: Watched) -> dict[str, object]:
    """The same, and how much older its pictures are than with analysis as it is."""
    older_ms = case.percentile(MEDIAN) - plain.percentile(MEDIAN)
    return {**report_of(case), "older_ms_p50": round(older_ms, 1)}


def print_report(report: dict[str, Any]) -> None:
    print("case          age p50   p95 ms  older ms  fps in  fps back  cpu share  candidates  dropped")
    rows = [("as it is", report), *((f"+{ms} ms", case) for ms, case in report["slowed"].items())]
    for name, case in rows:
        older = case.get("older_ms_p50", 0.0)
        print(
            f"{name:12} {case['age_ms_p50']:8.1f} {case['age_ms_p95']:8.1f} {older:9.1f}"
            f" {case['fps_in']:7.1f} {case['fps_out']:9.1f} {case['cpu_share']:10.2f}"
            f" {case['candidates']:11d}  {case['dropped'] or 'nothing'}"
        )
    print(
        f"age drift {report['age_drift_ms']:.1f} ms, memory {report['rss_growth']:+.2%}"
        f" in {report['seconds']} s"
    )
    print(f"goals: p95 {GOAL_AGE_MS:.0f} ms, drift and slowed within {GOAL_DRIFT_MS:.0f} ms")
