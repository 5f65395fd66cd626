from __future__ import annotations

import numpy as np
import pytest

from tests.portrait import mesh
from train.synth.anchors import calmed, smoothed, spans_of

FPS = 30.0


def meshes(frames: int, sway_px: float = 0.0, jitter_px: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    t_s = np.arange(frames) / FPS
    shift = sway_px * np.sin(2 * np.pi * 0.5 * t_s)
    jitter = jitter_px * np.random.default_rng(0).standard_normal((frames, 468, 2))
    still = mesh()[:, :2][None] + np.stack([shift, 0 * shift], axis=1)[:, None]
    return (still + jitter).astype(np.float32), t_s


def test_jitter_goes_and_the_heads_own_motion_stays() -> None:
    true, t_s = meshes(60, sway_px=20)
    noisy, _ = meshes(60, sway_px=20, jitter_px=1.0)
    calm = calmed(noisy, t_s)
    before = np.diff(noisy - true, axis=0).std()
    after = np.diff(calm - true, axis=0).std()
    assert after < 0.25 * before
    assert np.abs((calm - true).mean(axis=1)).max() < 0.3  # no lag, also at both ends


def test_a_face_that_turns_through_half_a_circle_is_followed() -> None:
    still, t_s = meshes(40)
    centre = still[0].mean(axis=0)
    angles = np.linspace(2.5, 4.0, 40)  # over the seam of the arctangent
    turns = np.stack([[[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]] for a in angles])
    turned = np.einsum("nij,npj->npi", turns, still - centre) + centre
    assert np.abs(calmed(turned.astype(np.float32), t_s) - turned).max() < 1.5


def test_straight_lines_pass_unchanged_also_at_uneven_times() -> None:
    t_s = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.06, 50))
    line = np.stack([3 * t_s - 1, 2 - t_s], axis=1)
    assert smoothed(line, t_s, 0.05) == pytest.approx(line, abs=1e-6)


def test_spans_end_at_lost_faces_cuts_and_gaps_in_time() -> None:
    found, t_s = meshes(300)
    found[60:63] = np.nan
    found[150:] += 400.0  # another face, or a cut
    t_s[220:] += 1.0
    assert [(run.start, run.stop) for run in spans_of(found, t_s)] == [
        (0, 60),
        (63, 150),
        (150, 220),
        (220, 300),
    ]


def test_short_spans_hold_no_movement() -> None:
    found, t_s = meshes(40)
    found[20] = np.nan
    assert spans_of(found, t_s) == []
