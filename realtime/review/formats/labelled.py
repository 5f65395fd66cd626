"""Labelled data in the published layout: what was accepted, as a folder that `train` reads.

`train.features.read_features` and `train.readers.reviewed.read` take it as it is: four 28x28 maps per event
and the list with its labels. Where a person moved a mark the maps are computed again from the kept chips.
Accepted events without one of the three classes, or without evidence, are left out and counted. Faces (the
chips around each movement, with its key frames, as `train.prepare` leaves them) are in it only for sessions
that were recorded or kept: what was only watched never becomes a picture on the disk.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import ReviewError
from realtime.output.files import csv_line
from realtime.review.codec import chips_of
from realtime.review.formats import jsonl
from realtime.review.records import Evidence, Review, Session, Status
from realtime.review.remade import maps_as_reviewed
from realtime.review.snapshot import Reviewed, SessionState
from realtime.types import LABELS

LIST_NAME = "combined_3_class2_for_optical_flow.csv"
FOLDER_NAME = "STSNet_whole_norm_u_v_os"
SAMPLES_NAME = "samples"
STATE_NAME = "review.jsonl"
DATASET = "reviewed"
HEADER = (
    "dataset",
    "sub",
    "filename_o",
    "label",
    "apex",
    "imagename",
    "sub_filename",
    "kind",
    "session",
    "event",
)
SUFFIXES = ("", "_1", "_2", "_3")


@dataclass(frozen=True, slots=True)
class Labelled:
    """The folder, file by file, and what could not go into it."""

    files: dict[str, bytes]  # path within the folder -> content
    without_class: int  # accepted as "unclear"
    without_evidence: int
    without_faces: int  # maps only: their session was not kept


def write(states: Sequence[SessionState], kept: Collection[str] = ()) -> Labelled:
    """`states` with their evidence; `kept` are the ids of sessions whose faces may be written.

    Raises: ReviewError when nothing was accepted.
    """
    accepted = [(state.session, one) for state in states for one in _accepted(state)]
    usable = [(session, one) for session, one in accepted if one.review.label in LABELS and one.evidence]
    if not usable:
        raise ReviewError("no labelled data: accept events of one of the three classes first")
    files = {STATE_NAME: jsonl.write(states).encode()}
    rows = [csv_line(HEADER)]
    for session, one in usable:
        row, maps = _sample(session, one)
        rows.append(csv_line(row.values()))
        files |= {f"{FOLDER_NAME}/{name}": png for name, png in _pictures(row, maps)}
        if session.id in kept and one.evidence is not None:
            files[f"{SAMPLES_NAME}/{_stem(row)}.npz"] = strip_of(one.review, one.evidence, maps)
    files[LIST_NAME] = "".join(f"{row}\n" for row in rows).encode()
    no_class = sum(one.review.label not in LABELS for _, one in accepted)
    no_faces = sum(session.id not in kept for session, _ in usable)
    return Labelled(files, no_class, len(accepted) - len(usable) - no_class, no_faces)


def _accepted(state: SessionState) -> Iterator[Reviewed]:
    return (one for one in state.events if one.review.status is Status.ACCEPTED)


def _sample(session: Session, one: Reviewed) -> tuple[dict[str, str], NDArray[np.uint8]]:
    event = one.as_reviewed
    clip = f"{session.id}_{event.event:05d}"
    values = (DATASET, subject_of(session, event.face), clip, str(LABELS.index(event.label)),
              str(event.apex_frame), "", "", event.kind.value, session.id, str(event.event))  # fmt: skip
    assert one.evidence is not None
    return dict(zip(HEADER, values, strict=True)), maps_as_reviewed(one.event, one.review, one.evidence)


def subject_of(session: Session, face: int) -> str:
    """Who it is, fit for a file name: as somebody said, else a session's face counts as a person."""
    said = re.sub(r"[^A-Za-z0-9.-]+", "-", session.subject).strip("-.")[:60]
    base = said or f"session-{session.id}"
    return base if said and face == 0 else f"{base}-face{face}"


def strip_of(review: Review, evidence: Evidence, maps_u8: NDArray[np.uint8]) -> bytes:
    """The gray chips around a movement and where its key frames are, as `train.preparing` reads a strip."""
    marks = review.onset_frame, review.apex_frame, review.offset_frame
    keys = np.minimum(np.searchsorted(evidence.frames, marks), len(evidence.frames) - 1)
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        numbers=evidence.frames,
        t_ns=evidence.t_ns,
        chips_u8=chips_of(evidence),
        faces=np.zeros(len(evidence.frames), np.int64),
        keys=keys.astype(np.int64),
        maps_u8=maps_u8,
    )
    return packed.getvalue()


def _pictures(row: dict[str, str], maps_u8: NDArray[np.uint8]) -> Iterator[tuple[str, bytes]]:
    for suffix, picture in zip(SUFFIXES, maps_u8, strict=True):
        # the space belongs to the published names
        yield f"{_stem(row)}{suffix} .png", cv2.imencode(".png", picture)[1].tobytes()


def _stem(row: dict[str, str]) -> str:
    return f"{row['sub']}_{row['filename_o']}"


def read(state_jsonl: str) -> tuple[SessionState, ...]:
    """The review behind such a folder, from its STATE_NAME."""
    return jsonl.read(state_jsonl)
