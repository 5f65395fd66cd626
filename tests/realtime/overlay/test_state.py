from __future__ import annotations

import threading

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.overlay.state import MAX_POINTS, Hud, OverlayConfig, OverlayMemory
from realtime.types import Analysis, Event, Frame, Recognition
from tests.realtime.made_up import MS, face_chip, face_signal, gray_picture, made_up, moved_at

PICTURE = gray_picture((64, 48))


def analysis(
    t_ms: int,
    *faces: int,
    events: tuple[Event, ...] = (),
    recognitions: tuple[Recognition, ...] = (),
    score: float = 2.0,
) -> Analysis:
    frame = Frame("clip.mp4", 0, t_ms * MS, 0, PICTURE)
    signals = tuple(face_signal(face, t_ms * MS, score=score) for face in faces)
    return Analysis(frame, tuple(face_chip(face) for face in faces), signals, events, recognitions)


def test_the_state_is_of_the_frame_shown() -> None:
    memory, hud = OverlayMemory(), Hud(fps=29.9)
    memory.push(analysis(500, 0))
    shown = analysis(533, 0, 1)
    memory.push(shown)
    state = memory.state(shown, hud)
    assert (state.t_ns, state.run_start_ns, state.hud) == (533 * MS, 500 * MS, hud)
    assert state.chips == shown.chips and state.signals == shown.signals


def test_each_face_has_its_track_in_order() -> None:
    memory = OverlayMemory()
    for i in range(5):
        memory.push(analysis(i * 33, *((0, 2) if i > 2 else (0,)), score=float(i)))
    tracks = memory.state(analysis(200)).tracks
    assert [track.face for track in tracks] == [0, 2]
    assert tracks[0].score.tolist() == [0, 1, 2, 3, 4] and tracks[1].score.tolist() == [3, 4]
    assert tracks[0].t_ns.tolist() == [i * 33 * MS for i in range(5)]
    assert tracks[0].threshold.tolist() == [6.0] * 5 and tracks[0].armed.all()


def test_what_is_older_than_the_span_is_forgotten_but_for_one_point() -> None:
    memory = OverlayMemory(OverlayConfig(span_s=1.0))
    for i in range(100):
        memory.push(analysis(i * 100, 0))
    (track,) = memory.state(analysis(9900)).tracks
    assert track.t_ns[0] < 8900 * MS <= track.t_ns[1]
    assert len(track.t_ns) == 12


def test_a_face_that_left_is_forgotten() -> None:
    memory = OverlayMemory(OverlayConfig(span_s=1.0))
    memory.push(analysis(0, 7))
    memory.push(analysis(900, 1))
    assert [track.face for track in memory.state(analysis(900)).tracks] == [1, 7]
    memory.push(analysis(1500, 1))
    assert [track.face for track in memory.state(analysis(1500)).tracks] == [1]


def test_memory_is_bounded_at_any_rate() -> None:
    memory = OverlayMemory(OverlayConfig(span_s=120.0, events=3))
    for i in range(MAX_POINTS + 500):
        memory.push(analysis(i, 0, events=(made_up(i, i),)))
    state = memory.state(analysis(0))
    assert len(state.tracks[0].t_ns) == MAX_POINTS
    assert [event.event for event in state.events] == [MAX_POINTS + 497 + i for i in range(3)]


def test_the_last_evidence_is_kept_with_its_time() -> None:
    memory, evidence = OverlayMemory(), moved_at(64, 64)
    memory.push(analysis(0, 0))
    assert memory.state(analysis(0)).recognition is None
    memory.push(analysis(33, 0, recognitions=(moved_at(1, 1), evidence)))
    memory.push(analysis(66, 0))
    state = memory.state(analysis(66))
    assert state.recognition is evidence and state.recognised_ns == 33 * MS


def test_a_state_does_not_change_afterwards() -> None:
    memory = OverlayMemory()
    memory.push(analysis(0, 0))
    state = memory.state(analysis(0))
    memory.push(analysis(33, 0, events=(made_up(0),)))
    assert len(state.tracks[0].t_ns) == 1 and not state.events


def test_one_thread_pushes_while_another_looks() -> None:
    memory, shown, errors = OverlayMemory(OverlayConfig(span_s=1.0)), analysis(0, 0), []

    def look() -> None:
        try:
            for _ in range(300):
                for track in memory.state(shown).tracks:
                    assert len(track.t_ns) == len(track.score) and (np.diff(track.t_ns) > 0).all()
        except Exception as error:
            errors.append(error)

    looker = threading.Thread(target=look)
    looker.start()
    for i in range(3000):
        memory.push(analysis(i, 0))
    looker.join(timeout=30)
    assert not looker.is_alive() and not errors


@pytest.mark.parametrize("wrong", [{"span_s": 0.5}, {"span_s": 500.0}, {"events": 0}, {"events": 101}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=rf"overlay\.{next(iter(wrong))}"):
        OverlayConfig(**wrong)  # type: ignore[arg-type]
