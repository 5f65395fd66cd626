"""Labelled data in the published layout: what was accepted, as a folder that `train` reads.

`train.features.read_features` and `train.readers.reviewed.read` take it as it is: four 28x28 maps per event
and the list with its labels. Where a person moved a mark the maps are computed again from the kept chips.
Accepted events without one of the three classes, or without evidence, are left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import ReviewError
from realtime.output.files import csv_line
from realtime.review.formats import jsonl
from realtime.review.records import Session, Status
from realtime.review.remade import maps_as_reviewed
from realtime.review.snapshot import Reviewed, SessionState
from realtime.types import LABELS

LIST_NAME = "combined_3_class2_for_optical_flow.csv"
FOLDER_NAME = "STSNet_whole_norm_u_v_os"
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
    samples: int
    without_class: int  # accepted as "unclear"
    without_evidence: int


def write(states: Sequence[SessionState]) -> Labelled:
    """`states` with their evidence. Raises: ReviewError when nothing was accepted."""
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
    files[LIST_NAME] = "".join(f"{row}\n" for row in rows).encode()
    no_class = sum(one.review.label not in LABELS for _, one in accepted)
    return Labelled(files, len(usable), no_class, len(accepted) - len(usable) - no_class)


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


def _pictures(row: dict[str, str], maps_u8: NDArray[np.uint8]) -> Iterator[tuple[str, bytes]]:
    for suffix, picture in zip(SUFFIXES, maps_u8, strict=True):
        # the space belongs to the published names
        yield f"{row['sub']}_{row['filename_o']}{suffix} .png", cv2.imencode(".png", picture)[1].tobytes()


def read(state_jsonl: str) -> tuple[SessionState, ...]:
    """The review behind such a folder, from its STATE_NAME."""
    return jsonl.read(state_jsonl)
