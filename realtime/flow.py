"""Dense motion of a window's two phases, made for what faces do: 0.2 to 2 px at 128x128, under noise.

Variational, coarse to fine with warping, like TV-L1 (Zach, Pock, Bischof 2007). Where it departs from it,
the departure was measured better on faces with known movement (`python -m realtime.bench flow`):

- Data: the difference of locally normalised pictures (light changes drop out) and of their gradients
  (Brox et al. 2004), robust per pixel, pooled over a small window as in combined local-global flow (Bruhn,
  Weickert, Schnoerr 2005): noise averages out before it can move anything.
- Smoothness: bonds that soften where the field bends (log penalty, its slope pooled over a few pixels).
  Still skin stays still, and a moving brow keeps its full amplitude: total variation shaves off 20 to 30 %.
- It counts from the affine motion that most of the picture follows, so that head motion costs nothing.
- Each linear system is solved by preconditioned conjugate gradients; work ends when the step is small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime import flow_kernels as kernels
from realtime import rigid
from realtime.errors import ConfigError, FlowInputError
from realtime.flow_level import Level, gaussian
from realtime.rigid import Model, remove_rigid
from realtime.types import CHIP_SIZE, Flow, Window, freeze

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

LEVELS = 3  # 128, 64, 32
WIDE = gaussian(2.0)
CONTRAST_FLOOR = 5.0  # gray levels: less local contrast than this is not blown up to full
CONTRAST = 10.0  # local standard deviation of a normalised picture


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """How the flow of a window is computed. Pictures have a local standard deviation of 10."""

    noise: float = 1.0  # standard deviation of what the pictures differ by at rest
    robust: float = 3.0  # differences above this many `noise` count as occlusion or glare
    gradient_weight: float = 2.0  # of the gradients' difference against the pictures' own
    window_px: float = 1.5  # over which evidence is pooled
    stiffness: float = 0.1  # of the log penalty on bending
    bend: float = 0.01  # px/px: slopes under this are taken for noise
    pool_px: float = 2.0  # over which the slope is pooled
    warps: int = 3  # at each level, at most
    tolerance_px: float = 0.002  # a mean step under this ends a level
    solver_rounds: int = 30
    solver_tolerance: float = 0.01
    rigid_model: Model = "affine"  # of the head motion taken out by flow_of

    def __post_init__(self) -> None:
        positive = (self.noise, self.robust, self.window_px, self.stiffness, self.bend, self.pool_px)
        if min(positive) <= 0 or min(self.gradient_weight, self.tolerance_px, self.solver_tolerance) < 0:
            raise ConfigError("flow: weights and widths must be positive, tolerances not negative")
        if min(self.warps, self.solver_rounds) < 1:
            raise ConfigError("flow: warps and solver_rounds must be at least 1")
        if self.rigid_model not in rigid.MODELS:
            raise ConfigError(f"flow: rigid_model must be one of {', '.join(rigid.MODELS)}")


def window_flow(onset_u8: U8, apex_u8: U8, offset_u8: U8, *, config: FlowConfig = FlowConfig()) -> F32:
    """Dense motion of the two phases of a micro-expression.

    Args: three (128, 128) uint8 gray chips on the onset chip's grid.
    Returns: (2, 128, 128, 2) float32 in pixels: onset to apex, apex to offset; x right, y down.
    Raises: FlowInputError if shapes or dtypes differ.
    """
    pyramids = [_pyramid(_checked(chip, name)) for chip, name in
                ((onset_u8, "onset"), (apex_u8, "apex"), (offset_u8, "offset"))]  # fmt: skip
    levels = _levels(config)
    return np.stack([_solve(pyramids[0], pyramids[1], levels), _solve(pyramids[1], pyramids[2], levels)])


def flow_pair(a_u8: U8, b_u8: U8, *, config: FlowConfig = FlowConfig()) -> F32:
    """Dense motion from one chip to another: b(x + flow(x)) looks like a(x).

    Args: two (128, 128) uint8 gray chips.
    Returns: (128, 128, 2) float32 in pixels, x right, y down.
    Raises: FlowInputError if shapes or dtypes differ.
    """
    pyramids = [_pyramid(_checked(chip, name)) for chip, name in ((a_u8, "first"), (b_u8, "second"))]
    return _solve(pyramids[0], pyramids[1], _levels(config))


def flow_of(window: Window, config: FlowConfig = FlowConfig()) -> Flow:
    """Flow of a spotted window's two phases, without the head motion left between its chips."""
    chips = [window.chips[at].gray_u8 for at in (window.onset, window.apex, window.offset)]
    phases = window_flow(*chips, config=config)
    still = [remove_rigid(phase, model=config.rigid_model)[0] for phase in phases]
    return Flow(window, freeze(np.stack(still)))


def warm_up() -> None:
    """Compile or load every kernel, so that nothing compiles once frames come."""
    rigid.warm_up()
    noise = np.random.default_rng(0).integers(0, 255, (CHIP_SIZE, CHIP_SIZE)).astype(np.uint8)
    flow_pair(noise, noise[::-1].copy())


def _checked(chip: U8, name: str) -> U8:
    if not isinstance(chip, np.ndarray) or chip.shape != (CHIP_SIZE, CHIP_SIZE) or chip.dtype != np.uint8:
        seen = f"{chip.dtype} {chip.shape}" if isinstance(chip, np.ndarray) else type(chip).__name__
        raise FlowInputError(f"{name} chip is {seen}; give a uint8 array of ({CHIP_SIZE}, {CHIP_SIZE})")
    return chip


def _levels(config: FlowConfig) -> list[Level]:
    """Coarsest first."""
    return [Level(CHIP_SIZE >> k, config) for k in reversed(range(LEVELS))]


def _solve(first: list[F32], second: list[F32], levels: list[Level]) -> F32:
    flow = np.zeros((2, *first[0].shape), np.float32)
    for a, b, level in zip(first, second, levels, strict=True):
        if a.shape != flow.shape[1:]:
            finer = np.empty((2, *a.shape), np.float32)
            for k in range(2):
                kernels.double(flow[k], 2.0, finer[k])
            flow = finer
        level.refine(a, b, flow)
    return np.ascontiguousarray(np.moveaxis(flow, 0, -1))


def _pyramid(chip: U8) -> list[F32]:
    """The locally normalised chip at 32, 64 and 128 pixels."""
    planes = [_normalised(chip.astype(np.float32))]
    for _ in range(LEVELS - 1):
        planes.append(_halved(planes[-1]))
    return planes[::-1]


def _normalised(plane: F32) -> F32:
    """Local mean removed, local contrast evened out, both over about 8 px: light changes drop out."""
    plane = plane - _wide_mean(plane)
    contrast = np.sqrt(_wide_mean(plane * plane) + np.float32(CONTRAST_FLOOR**2))
    return plane * (np.float32(CONTRAST) / contrast)


def _wide_mean(plane: F32) -> F32:
    """A Gaussian of standard deviation 8, taken at a quarter of the size where it costs next to nothing."""
    small = _halved(_halved(plane))
    kernels.convolve(small, WIDE, WIDE, np.empty_like(small), small)
    for _ in range(2):
        small, coarse = np.empty((2 * small.shape[0],) * 2, np.float32), small
        kernels.double(coarse, 1.0, small)
    return small


def _halved(plane: F32) -> F32:
    half = np.empty((plane.shape[0] // 2, plane.shape[1] // 2), np.float32)
    kernels.halve(plane, half)
    return half
