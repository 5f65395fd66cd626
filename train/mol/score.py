"""MOL's figures on people who were not seen, each beside a simple baseline.

Recognition beside the most frequent class and CausalNet on the same movements; flow beside none and DIS;
landmarks beside the mean face laid on the true eyes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from engine.mol import Mol
from engine.runners.base import Runner
from realtime.recognition import mean_logits
from realtime.symmetry import symmetric_views
from train.known.windows import maps_of_chips
from train.metrics import scores
from train.mol.data import Samples
from train.mol.landmarks import eye_middles, pupil_distance

BATCH = 8
MOVING_PX = 0.1  # true flow from which a pixel counts as moving
AMPLITUDES_PX = (0.0, 0.5, 1.0, float("inf"))

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the network says of samples."""

    logits: F32  # (n, classes)
    flow_error_px: tuple[float, float]  # mean over all pixels, over moving ones
    landmark_errors: F32  # (n, 7) mean over the 68, in pupil distances


def answers(net: Mol, samples: Samples) -> Answers:
    """All three heads; flow is summed up at once, since all of it would be large."""
    logits, points, flows = [], [], _FlowError()
    for first in range(0, len(samples), BATCH):
        rows = slice(first, first + BATCH)
        with torch.inference_mode():
            said = net.joint(torch.from_numpy(samples.frames_u8[rows].astype(np.float32)))
        logits.append(said.logits.numpy())
        flows.add(said.flow_px.numpy(), samples.flow_px[rows].astype(np.float32))
        points.append(landmark_errors(said.landmarks_px.numpy(), samples.landmarks_px[rows][:, 1:]))
    return Answers(np.concatenate(logits), flows.means, np.concatenate(points))


def landmark_errors(found: F32, wanted: F32) -> F32:
    """(n, frames, 68, 2) twice to (n, frames): mean distance over the true pupil distance."""
    return np.asarray(np.linalg.norm(found - wanted, axis=-1).mean(axis=-1) / pupil_distance(wanted))


def recognition(logits: F32, samples: Samples) -> dict[str, Any]:
    """UF1, UAR and accuracy, over all and by how far the movement goes."""
    said = logits.argmax(axis=1).astype(np.int64)
    table: dict[str, Any] = {**asdict(scores(samples.labels, said)), "samples": len(samples)}
    for low, high in zip(AMPLITUDES_PX, AMPLITUDES_PX[1:], strict=False):
        rows = np.flatnonzero((samples.amplitudes_px >= low) & (samples.amplitudes_px < high))
        if len(rows):
            part = scores(samples.labels[rows], said[rows])
            table[f"{low:g} to {high:g} px"] = {**asdict(part), "samples": len(rows)}
    return table


def figures(found: Answers, samples: Samples, mean_face: F32, causalnet: Runner) -> dict[str, Any]:
    """Everything that is reported. `mean_face` (68, 2) of the training people; the runner is active."""
    often = np.zeros_like(found.logits)
    often[:, np.bincount(samples.labels).argmax()] = 1
    ends = samples.frames_u8[:, [0, 4, 7]]
    zero, dis = flow_baselines(samples)
    return {
        "people": len(np.unique(samples.people)),
        "recognition": {
            "mol": recognition(found.logits, samples),
            "most frequent class": recognition(often, samples),
            "causalnet, true key frames": recognition(causalnet_logits(causalnet, samples.keys_u8), samples),
            "causalnet, first, middle and last of the eight": recognition(
                causalnet_logits(causalnet, ends), samples
            ),
        },
        "flow_error_px": {
            name: dict(zip(("all pixels", "moving pixels"), each, strict=True))
            for name, each in (("mol", found.flow_error_px), ("no flow", zero), ("dis", dis))
        },
        "landmark_error_pupil_distances": {
            "mol": float(np.nanmean(found.landmark_errors)),
            "mean face on the true eyes": float(np.nanmean(mean_face_errors(mean_face, samples))),
        },
    }


def causalnet_logits(runner: Runner, keys_u8: NDArray[np.uint8]) -> F32:
    """(n, 3, 128, 128) key frames to (n, classes), by the live flow and maps."""
    logits = []
    for chips in keys_u8:
        maps = maps_of_chips(chips)[None]
        views = symmetric_views(maps)[:, 0] if runner.metadata.card.symmetries else maps
        logits.append(mean_logits(runner.infer(views.astype(np.float32))))
    return np.array(logits, np.float32)


def flow_baselines(samples: Samples) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of no flow at all, and of DIS (Kroeger et al., ECCV 2016) as OpenCV has it, medium preset."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    zero_error, dis_error = _FlowError(), _FlowError()
    for frames, flow in zip(samples.frames_u8, samples.flow_px, strict=True):
        wanted = flow.astype(np.float32)
        found = [dis.calc(one, two, None) for one, two in zip(frames, frames[1:], strict=False)]
        zero_error.add(np.zeros_like(wanted), wanted)
        dis_error.add(np.stack(found).transpose(0, 3, 1, 2), wanted)
    return zero_error.means, dis_error.means


def mean_face_errors(mean_face: F32, samples: Samples) -> F32:
    """(n, 7) of the mean face turned, moved and made as large as the true eyes want it."""
    wanted = np.array(samples.landmarks_px[:, 1:])
    from_eyes, to_eyes = _as_complex(eye_middles(mean_face)), _as_complex(eye_middles(wanted))
    turn = (to_eyes[..., 1] - to_eyes[..., 0]) / (from_eyes[1] - from_eyes[0])
    laid = turn[..., None] * (_as_complex(mean_face) - from_eyes[0]) + to_eyes[..., :1]
    return landmark_errors(np.stack([laid.real, laid.imag], axis=-1).astype(np.float32), wanted)


def _as_complex(points: F32) -> NDArray[np.complexfloating]:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


class _FlowError:
    """Endpoint errors, summed up."""

    def __init__(self) -> None:
        self._sums = np.zeros((2, 2))  # all, moving; sum of errors, pixels

    def add(self, found: F32, wanted: F32) -> None:
        """(..., 2, height, width) twice."""
        off = np.linalg.norm(found - wanted, axis=-3)
        moving = np.linalg.norm(wanted, axis=-3) > MOVING_PX
        self._sums += [[off.sum(), off.size], [off[moving].sum(), moving.sum()]]

    @property
    def means(self) -> tuple[float, float]:
        every, moving = (self._sums[:, 0] / np.maximum(self._sums[:, 1], 1)).tolist()
        return every, moving
