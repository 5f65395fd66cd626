"""The demo: a face whose every movement is known, the same at every run."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime.errors import OutputError
from realtime.face.finder import FaceConfig, FaceFinder
from realtime.movement.action_units import CLASS_UNITS
from realtime.movement.model import Action, Movement, MovementKind, dense_displacement, iod_px
from realtime.sources import SourceConfig, open_source
from realtime.sources.demo import TRUTH_HEADER, DemoSource
from realtime.sources.demo_portrait import NOISE_SD, PortraitRenderer
from realtime.sources.demo_script import BLOCK_S, DemoScript
from realtime.types import Frame
from tests.fakes import ManualClock

SMALL = SourceConfig(demo_width=320, demo_height=240, demo_live=False)


def small(**changes: object) -> DemoSource:
    fields = {name: getattr(SMALL, name) for name in SMALL.__slots__}
    return DemoSource(SourceConfig(**{**fields, **changes}))


def frames_of(source: DemoSource, count: int) -> list[Frame]:
    return [frame for _, frame in zip(range(count), source, strict=False)]


@pytest.fixture(scope="module")
def renderer() -> PortraitRenderer:
    return PortraitRenderer(640, 480, seed=1)


# the timetable


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_each_half_minute_has_ten_micro_expressions_of_all_classes_and_one_macro(seed: int) -> None:
    script = DemoScript(seed, 0.2)
    movements = script.until(10 * BLOCK_S)
    for block in range(10):
        own = [m for m in movements if block * BLOCK_S <= m.onset_s < (block + 1) * BLOCK_S]
        kinds = Counter(movement.kind for movement in own)
        assert kinds[MovementKind.MICRO] == 10 and kinds[MovementKind.MACRO] == 1
        labels = Counter(m.label for m in own if m.kind is MovementKind.MICRO)
        assert set(labels) == set(CLASS_UNITS) and max(labels.values()) == 4
    assert Counter(m.kind for m in movements)[MovementKind.BLINK] > 20


def test_lengths_and_amplitudes_keep_to_their_kind() -> None:
    length: dict[MovementKind, list[float]] = {kind: [] for kind in MovementKind}
    for movement in DemoScript(3, 0.2).until(600):
        length[movement.kind].append(movement.offset_s - movement.onset_s)
        if movement.kind is MovementKind.MICRO:
            strongest = max(action.amplitude for action in movement.actions)
            assert 0.015 <= strongest <= 0.03
    micro = np.array(length[MovementKind.MICRO])
    assert 0.04 <= micro.min() and micro.max() <= 0.5
    assert ((micro >= 0.2) & (micro <= 0.45)).mean() > 0.8
    assert 1 <= min(length[MovementKind.MACRO]) and max(length[MovementKind.MACRO]) <= 2
    assert 0.15 <= min(length[MovementKind.BLINK]) and max(length[MovementKind.BLINK]) <= 0.25


def test_movements_are_in_order_and_leave_the_face_to_rest_between_them() -> None:
    movements = DemoScript(5, 0.2).until(120)
    rests = [b.onset_s - a.offset_s for a, b in zip(movements, movements[1:], strict=False)]
    assert min(rests) > 0.25 and movements[0].onset_s > 1


def test_the_movement_going_on_is_found_whatever_the_order_of_asking() -> None:
    script, other = DemoScript(5, 0.2), DemoScript(5, 0.2)
    third = other.until(60)[2]
    middle_s = (third.onset_s + third.offset_s) / 2
    assert script.at(95.0) == other.at(95.0)
    assert script.at(middle_s) == third
    assert script.at(third.offset_s) is None and script.at(third.onset_s) is None


# the pictures


def test_the_same_seed_gives_the_same_frames_and_another_seed_others() -> None:
    first, again, other = (frames_of(small(demo_seed=seed), 8) for seed in (4, 4, 5))
    assert all(np.array_equal(a.bgr, b.bgr) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].bgr, other[0].bgr)
    assert first[0].bgr.shape == (240, 320, 3) and not first[0].bgr.flags.writeable


@pytest.mark.parametrize("fps", [25.0, 30.0, 59.94, 200.0])
def test_any_frame_rate_is_kept_exactly(fps: float) -> None:
    times = [frame.t_ns for frame in frames_of(small(demo_fps=fps, demo_width=160, demo_height=120), 20)]
    assert times == [round(index * 1e9 / fps) for index in range(20)]


def test_it_ends_after_its_seconds_or_when_closed() -> None:
    assert len(list(small(demo_seconds=0.5))) == 15
    source = small()
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []


def test_live_is_the_same_in_real_time() -> None:
    clock, waits = ManualClock(), []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        clock.advance(seconds)
        return False

    config = SourceConfig(demo_width=320, demo_height=240)
    live = frames_of(DemoSource(config, clock, wait), 4)
    assert live[3].arrived_ns == pytest.approx(100_000_000, abs=10)
    assert waits == pytest.approx([1 / 30] * 3, abs=1e-6)
    still = frames_of(small(), 4)
    assert all(np.array_equal(a.bgr, b.bgr) for a, b in zip(live, still, strict=True))


def test_noise_is_new_in_each_frame_and_of_the_stated_strength(renderer: PortraitRenderer) -> None:
    first, second = (renderer.render(0.5, index)[20:120, 20:200].astype(float) for index in (0, 1))
    assert np.std(first - second) / np.sqrt(2) == pytest.approx(NOISE_SD, rel=0.1)


@pytest.mark.parametrize("units", [(12,), (4,), (1, 2)])
def test_the_skin_moves_by_what_the_truth_says(renderer: PortraitRenderer, units: tuple[int, ...]) -> None:
    """Between rest and apex at one head pose the optical flow is the field, in place and in size."""
    actions = tuple(Action(unit, 0.03) for unit in units)
    movement = Movement(0.0, 0.1, 0.2, actions, MovementKind.MICRO, "x")
    t_s = 3.0
    pictures = (renderer.render(t_s, 0), renderer.render(t_s, 0, renderer.prepare(movement), 1.0))
    rest, apex = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in pictures)
    flow = cv2.calcOpticalFlowFarneback(rest, apex, None, 0.5, 2, 21, 5, 7, 1.5, 0)
    landmarks = renderer.to_frame(renderer.landmarks_px, t_s).astype(np.float32)
    field = dense_displacement(landmarks, actions, (480, 640))
    moving = np.hypot(field[..., 0], field[..., 1]) > 1.0
    error = np.hypot(*(flow - field)[moving].mean(axis=0))
    assert error < 0.3 * np.hypot(*field[moving].T).mean()
    far = cv2.dilate((np.hypot(field[..., 0], field[..., 1]) > 0.01).astype(np.uint8), np.ones((9, 9))) == 0
    assert (pictures[0][far] != pictures[1][far]).mean() < 1e-4  # two interpolations, rounding alike


def test_the_head_sways_a_little_and_slowly(renderer: PortraitRenderer) -> None:
    eyes = renderer.landmarks_px[[33, 263]]
    places = np.array([renderer.to_frame(eyes, t_s) for t_s in np.arange(0, 120, 0.1)])
    speed_px_s = np.linalg.norm(np.diff(places, axis=0), axis=2).max() / 0.1
    reach_px = np.ptp(places, axis=0).max()
    assert 1 < reach_px < 15 and speed_px_s < 4
    assert places.min() > 0


def test_the_face_finder_finds_the_face_where_the_truth_has_it(renderer: PortraitRenderer) -> None:
    finder = FaceFinder(FaceConfig())
    try:
        (mesh,) = finder.landmarks(Frame("demo", 0, 0, 0, renderer.render(2.0, 0)))
    finally:
        finder.close()
    expected = renderer.to_frame(renderer.landmarks_px, 2.0)
    assert np.linalg.norm(mesh[:, :2] - expected, axis=1).mean() < 2.5
    assert iod_px(renderer.landmarks_px) == pytest.approx(90, abs=0.1)


# the truth


def test_truth_tells_only_what_has_ended_and_is_written_as_a_table(tmp_path: Path) -> None:
    source = small(demo_fps=5.0, demo_seconds=9.0)
    assert source.truth() == ()
    list(source)
    ended = source.truth()
    assert ended and all(movement.offset_s <= 8.8 for movement in ended)
    assert len(source.truth(31.0)) > 10
    source.write_truth(tmp_path / "demo_truth.csv")
    with (tmp_path / "demo_truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == TRUTH_HEADER and len(rows) == len(ended)
    for row, movement in zip(rows, ended, strict=True):
        assert float(row["onset_s"]) == pytest.approx(movement.onset_s, abs=1e-4)
        assert (row["type"], row["label"], row["aus"]) == (movement.kind.value, movement.label, movement.aus)
        assert 0.5 < float(row["amplitude_px"]) < (2.5 if row["type"] == "micro" else 12)


def test_truth_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        small().write_truth(tmp_path / "missing" / "demo_truth.csv")


def test_the_demo_opens_by_name() -> None:
    with open_source("demo", config=SMALL) as source:
        assert source.name == "demo" and not source.live
        assert next(iter(source)).bgr.shape == (240, 320, 3)
