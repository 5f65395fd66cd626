"""What the calibration commands show: a bar that counts the seconds, and tables of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from realtime.profile.camera_check import CameraReport
from realtime.profile.neutral import Neutral
from realtime.spotting.regions import REGIONS

Tell = Callable[[float, str], None]  # seconds done, and a word on how it goes


@contextmanager
def counting(console: Console, title: str, seconds: float) -> Iterator[Tell]:
    """A bar over `seconds` on a terminal; silent elsewhere."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[left]:>5} left"),
        TextColumn("{task.fields[word]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task(title, total=seconds, left=f"{seconds:.0f} s", word="")

        def tell(done_s: float, word: str) -> None:
            left = f"{max(0.0, seconds - done_s):.0f} s"
            bars.update(bar, completed=min(done_s, seconds), left=left, word=word)

        yield tell


def camera_table(name: str, report: CameraReport) -> Table:
    """The report for people, with its advice under it."""
    table = Table("", "measured", title=f"camera {name}", caption=_advice(report), caption_justify="left")
    flicker = f"{report.flicker:.2%} at {report.flicker_hz:.1f} Hz as seen"
    for row in (
        ("size", f"{report.width}x{report.height}"),
        ("frames", f"{report.frames} in {report.seconds:.2f} s"),
        ("true rate", f"{report.fps:.2f} fps"),
        ("jitter (95 %)", f"{report.jitter_ms:.1f} ms of {1000 / report.fps:.1f} ms"),
        ("longest gap", f"{report.longest_gap_ms:.1f} ms"),
        ("lost frames", f"{report.lost}, and {report.skipped} skipped here"),
        ("repeated frames", f"{report.repeated:.1%}"),
        ("brightness", f"{report.brightness:.0f} of 255"),
        ("black, burnt out", f"{report.dark:.1%}, {report.bright:.1%}"),
        ("brightness drift", f"{report.drift:.1%}"),
        ("flicker", flicker),
    ):
        table.add_row(*row)
    return table


def neutral_table(neutral: Neutral) -> Table:
    """The noise floor of every region."""
    table = Table(
        "region", "noise", title=f"at rest: {neutral.frames} frames, eyes {neutral.iod_px:.0f} px apart"
    )
    for region, noise_px in zip(REGIONS, neutral.noise_px, strict=True):
        table.add_row(region.replace("_", " "), f"{noise_px:.3f} px {'▪' * min(30, round(noise_px * 100))}")
    return table


def _advice(report: CameraReport) -> str:
    return "\n".join(f"- {line}" for line in report.advice()) or "nothing to mend"
