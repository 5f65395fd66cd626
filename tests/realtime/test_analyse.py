from __future__ import annotations

import numpy as np
import pytest

from realtime.analyse import LATE, Analyser, AnalyserConfig
from realtime.errors import ConfigError
from realtime.spotting.regions import REGIONS
from realtime.types import Flag, Flow, Kind, MotionMaps, Recognition, SpotSignal, Window
from tests.fakes import make_chip, make_frame

SPAN = 6  # frames in a scripted window: apex after two thirds


class ScriptedFaces:
    """The faces listed for each frame; every chip is flat."""

    def __init__(self, faces_at):
        self._faces_at = faces_at
        self.closed = False

    def landmarks(self, frame):
        return self._faces_at(frame.index)

    def chips(self, frame, meshes):
        return tuple(make_chip(frame.index, face=face) for face in meshes)

    def close(self):
        self.closed = True


class ScriptedSpotter:
    """Says at each frame in `ends` that a movement of SPAN frames has just ended."""

    def __init__(self, ends, open_at_end=False):
        self._ends, self._open = ends, open_at_end
        self._chips = []
        self.rebaselined = 0

    def step(self, chip):
        self._chips.append(chip)
        signal = SpotSignal(
            "fake", chip.frame_index, chip.t_ns, chip.face, 1.0, 6.0, 1.0, True, np.zeros(15, np.float32)
        )
        return signal, (self._window(),) if chip.frame_index in self._ends else ()

    def finish(self):
        if not self._open:
            return ()
        self._open = False
        return (self._window(frozenset({Flag.EDGE})),)

    def rebaseline(self):
        self.rebaselined += 1

    def _window(self, flags=frozenset()):
        chips = tuple(self._chips[-SPAN - 1 : -1])
        regions = np.arange(len(REGIONS), dtype=np.float32)
        return Window(chips, 0, 4, 5, Kind.MICRO, 9.0, regions, flags, self._chips[-1].t_ns)


def recognise(maps):
    return Recognition(maps, "surprise", 0.7, (0.1, 0.2, 0.7))


def analyser_of(faces_at, spotters, **settings):
    made = iter(spotters)
    return Analyser(
        ScriptedFaces(faces_at),
        lambda: next(made),
        lambda window: Flow(window, np.zeros((2, 128, 128, 2), np.float32)),
        lambda flow: MotionMaps(flow, np.zeros((4, 28, 28, 3), np.uint8)),
        recognise,
        config=AnalyserConfig(**settings),
    )


def one_face(index):
    return [0]


def test_an_event_can_be_traced_to_its_frames():
    analyser = analyser_of(one_face, [ScriptedSpotter({20})])
    results = [analyser.step(make_frame(index + 5)) for index in range(30)]
    (event,) = [event for result in results for event in result.events]
    assert (event.onset_frame, event.apex_frame, event.offset_frame) == (14, 18, 19)
    assert event.onset_ns == round(9 / 30 * 1e9)  # from the first frame, which is number 5
    assert event.emitted_ns == round(15 / 30 * 1e9)
    assert (event.label, event.confidence, event.kind) == ("surprise", 0.7, Kind.MICRO)
    assert event.regions_px["chin"] == REGIONS.index("chin")
    emitting = results[15]
    assert emitting.recognitions[0].maps.flow.window.chips[0].frame_index == 14
    assert all(len(result.signals) == len(result.chips) == 1 for result in results)


def test_each_face_has_its_own_spotter_and_events_are_numbered_in_order():
    analyser = analyser_of(lambda index: [0, 1], [ScriptedSpotter({10, 30}), ScriptedSpotter({20})])
    events = [event for index in range(40) for event in analyser.step(make_frame(index)).events]
    assert [(event.event, event.face) for event in events] == [(0, 0), (1, 1), (2, 0)]


def test_every_face_is_taken_for_the_person_at_rest():
    spotters = [ScriptedSpotter(set()), ScriptedSpotter(set())]
    analyser = analyser_of(lambda index: [0, 1], spotters)
    analyser.step(make_frame(0))
    analyser.rebaseline()
    assert [spotter.rebaselined for spotter in spotters] == [1, 1]


def test_late_windows_wait_and_the_oldest_is_dropped_and_counted():
    analyser = analyser_of(one_face, [ScriptedSpotter({10, 12, 14})], windows_waiting=2)
    waiting = [analyser.step(make_frame(index), late=True) for index in range(16)]
    assert not any(result.events for result in waiting)
    assert analyser.drops == {LATE: 1}
    events = [event for index in (16, 17) for event in analyser.step(make_frame(index)).events]
    assert [event.offset_frame for event in events] == [11, 13]
    assert [event.emitted_ns for event in events] == [round(index / 30 * 1e9) for index in (16, 17)]


@pytest.mark.parametrize("seed", range(5))
def test_every_window_is_an_event_or_counted_as_dropped(seed):
    rng = np.random.default_rng(seed)
    ends = set(rng.choice(np.arange(10, 200), 60, replace=False).tolist())
    late = rng.random(200) < 0.9
    analyser = analyser_of(one_face, [ScriptedSpotter(ends)], windows_waiting=2)
    results = [analyser.step(make_frame(index), late=bool(late[index])) for index in range(200)]
    events = [event for result in results for event in result.events] + list(analyser.finish()[0])
    assert analyser.drops[LATE] > 0
    assert len(events) + analyser.drops[LATE] == len(ends)
    assert all(len(result.events) <= 1 for result in results)


def test_a_movement_closes_when_its_face_is_gone_for_good():
    analyser = analyser_of(
        lambda index: [0] if index < 20 else [], [ScriptedSpotter(set(), open_at_end=True)]
    )
    results = [analyser.step(make_frame(index)) for index in range(50)]
    (event,) = [event for result in results for event in result.events]
    assert event.flags == {Flag.EDGE}
    assert event.emitted_ns == pytest.approx((19 / 30 + 0.5) * 1e9, abs=5e7)


def test_a_forgotten_face_starts_anew():
    first, second = ScriptedSpotter(set()), ScriptedSpotter(set())
    analyser = analyser_of(
        lambda index: [0] if index < 3 or index > 45 else [], [first, second], forget_s=1.0
    )
    for index in range(48):
        analyser.step(make_frame(index))
    assert len(second._chips) == 2


def test_finish_closes_what_is_open():
    analyser = analyser_of(one_face, [ScriptedSpotter(set(), open_at_end=True)])
    assert analyser.finish() == ((), ())
    for index in range(10):
        analyser.step(make_frame(index))
    (event,), (recognition,) = analyser.finish()
    assert event.flags == {Flag.EDGE}
    assert recognition.label == event.label
    assert analyser.finish() == ((), ())


def test_stages_are_timed_and_the_rest_is_passed_on():
    spotter = ScriptedSpotter({10})
    analyser = analyser_of(one_face, [spotter])
    for index in range(12):
        analyser.step(make_frame(index))
    summary = analyser.times.summary()
    assert {name: row["count"] for name, row in summary.items()} == {
        "landmarks": 12, "align": 12, "spot": 12, "flow": 1, "maps": 1, "infer": 1,
    }  # fmt: skip
    analyser.rebaseline()
    assert spotter.rebaselined == 1
    analyser.close()
    assert analyser._faces.closed


@pytest.mark.parametrize(
    "settings", [{"windows_waiting": 0}, {"face_gap_s": 0}, {"face_gap_s": 2, "forget_s": 1}]
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ConfigError):
        AnalyserConfig(**settings)
