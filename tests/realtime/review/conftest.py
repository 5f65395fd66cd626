"""What the tests of the review share: made-up evidence, a store with two sessions, a desk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime.maps import maps_of
from realtime.review.desk import Desk
from realtime.review.evidence import Glimpse, evidence_of
from realtime.review.exports import Export, export
from realtime.review.records import Evidence, Origin, Ref
from realtime.review.store import Store
from realtime.types import Flag, Kind, Recognition, Window
from tests.fakes import make_chip
from tests.realtime.made_up import MS, face_chip, made_up, moved_at

VISITOR = "somebody"
FPS = 30.0


def recognition_at(onset: int, apex: int, offset: int, face: int = 0) -> Recognition:
    """A movement at the mouth between frames of a steady source of 30 frames per second."""
    found = moved_at(60, 90, face=face)
    chips = tuple(
        replace(face_chip(face), frame_index=i, t_ns=make_chip(i).t_ns) for i in range(onset, offset + 1)
    )
    still = np.zeros(15, np.float32)
    window = Window(chips, 0, apex - onset, offset - onset, Kind.MICRO, 9.0, still, frozenset(), 0)
    return replace(found, maps=maps_of(replace(found.maps.flow, window=window)))


def made_up_evidence(onset: int = 30, apex: int = 35, offset: int = 42) -> Evidence:
    """Half a second around, with pictures that differ from frame to frame."""
    recognition = recognition_at(onset, apex, offset)
    rng = np.random.default_rng(3)
    glimpses = []
    for index in range(onset - 15, offset + 16):
        gray = rng.integers(60, 190, (128, 128)).astype(np.uint8)
        chip = replace(face_chip(), frame_index=index, t_ns=make_chip(index).t_ns, gray_u8=gray)
        glimpses.append(Glimpse(chip, _jpeg(index), 2.0 + index % 5, 6.0))
    return evidence_of(recognition, glimpses, frames=0, shift_ns=0)


def _jpeg(level: int) -> bytes:
    from realtime.review.clip_loop import LOOP_HEIGHT, LOOP_WIDTH, _jpeg

    return _jpeg(np.full((LOOP_HEIGHT, LOOP_WIDTH, 3), 3 * level % 255, np.uint8))


def filled(store: Store) -> tuple[Ref, Ref, Ref]:
    """Two sessions: one of two events, with evidence for the first; one of a single surprise."""
    first = store.add_session("Anna, morning", "camera:0", Origin.LIVE, subject="Anna")
    second = store.add_session("clip of Bert", "bert.mp4", Origin.REPLAY)
    event = replace(made_up(0), onset_ns=1_000 * MS, apex_ns=1_166 * MS, offset_ns=1_400 * MS)
    refs = (
        store.add_event(first.id, event, made_up_evidence()),
        store.add_event(first.id, made_up(1, 3000, confidence=0.4, label="unclear", flags=frozenset())),
        store.add_event(
            second.id,
            made_up(0, 500, 900, kind=Kind.MACRO, label="surprise", flags=frozenset({Flag.BLINK})),
        ),
    )
    for session in (first, second):
        store.finish_session(session.id)
    return refs


def unpacked(desk: Desk, visitor: str, sessions: Sequence[str], folder: Path) -> Export:
    """The labelled data in `folder`, as who downloads the export unpacks it."""
    made = export(desk, visitor, sessions, "train")
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        for name in archive.namelist():
            path = folder / name.partition("/")[2]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(name))
    return made


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "flinch.sqlite")
    yield made
    made.close()
