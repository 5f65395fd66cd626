"""The whole house in one run: each stage's times, frames per second from end to end, flow beside OpenCV.

The frames are the demo's first seconds, rendered beforehand: a face with movements to spot, so that every
stage has something to do. They go through the real pipeline as fast as it takes them, and no frame is lost.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from realtime import flow
from realtime.app.assemble import rooms_of
from realtime.app.run import Run, Wanted
from realtime.benches import flow as flow_bench
from realtime.benches.flow_cases import cases_of, load_person, people_in
from realtime.benches.live import BGR, MOST_FRAMES, LookTimes, SwingSource
from realtime.benches.rate import Stages, table_of
from realtime.config import Config
from realtime.sources.base import SourceConfig
from realtime.sources.demo import DemoSource

FPS = 30.0
ROUNDS = 2  # there and back
WINDOWS = 8  # for the flow beside OpenCV


def main(args: argparse.Namespace) -> dict[str, object]:
    """Measure, print, and give the report. Raises: SourceError, ConfigError."""
    stages, fps = end_to_end(demo_frames(), Config())
    window_ms = flow_ms(args.data)
    ours = window_ms[flow_bench.OURS]
    ratios = {name: round(ms / ours, 2) for name, ms in window_ms.items() if name != flow_bench.OURS}
    print(table_of(stages))
    print(f"end to end: {fps:.1f} fps")
    print("one window: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in window_ms.items()))
    print("times ours: " + ", ".join(f"{name} {ratio:g}" for name, ratio in ratios.items()))
    return {"stages": stages, "fps": round(fps, 2), "window_ms": window_ms, "flow_ratios": ratios}


def demo_frames(most: int = MOST_FRAMES) -> list[BGR]:
    """The demo's first pictures, 640x480."""
    with DemoSource(SourceConfig(demo_fps=FPS, demo_live=False)) as source:
        return [frame.bgr for frame in islice(source, most)]


def end_to_end(pictures: list[BGR], config: Config) -> tuple[Stages, float]:
    """(times by stage, frames per second) of the pictures through the real pipeline."""
    times = LookTimes()
    source = SwingSource(pictures, FPS, ROUNDS * len(pictures) / FPS, live=False)
    with TemporaryDirectory() as folder:
        run = Run(source, config, Wanted(out=Path(folder)), lossless=True, rooms=rooms_of(config, times))
        with run:
            while not run.pipeline.wait(1.0):
                pass
    progress = run.pipeline.progress()
    return {**times.summary(), **run.times.summary()}, progress.frames / progress.wall_s


def flow_ms(data: Path) -> dict[str, float]:
    """Median time of one window by every method. Raises: SourceError, ConfigError."""
    flow.warm_up()
    person = load_person(people_in(data)[0])
    windows = [case.chips_u8 for case in islice(cases_of(person, 0), WINDOWS)]
    return flow_bench.window_ms(flow_bench.methods(), windows)
