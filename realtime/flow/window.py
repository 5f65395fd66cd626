"""Dense motion of a window's two phases, made for what faces do: 0.2 to 2 px at 128x128, under noise.

Variational, coarse to fine with warping, like TV-L1 (Zach, Pock, Bischof 2007). Where it departs from it,
the departure was measured better on faces with known movement (`python -m realtime.bench flow`):

- The pictures are normalised locally, so that light changes drop out, and their gradients are compared
  along with them (Brox, Bruhn, Papenberg, Weickert 2004).
- Evidence is pooled over a window before anything moves (Bruhn, Weickert, Schnoerr 2005): noise averages
  out, and still skin stays still. The measured noise decides how much evidence counts.
- Smoothness counts from the affine motion that most of the picture follows: head motion costs nothing.
  It resists bending with a power between total variation, which shaves a quarter off a small movement's
  amplitude, and the log, which turns noise into movement.
- Linear systems are solved by preconditioned conjugate gradients. A level ends when the step is small.

`realtime.flow.level` has the equations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from realtime.errors import ConfigError, FlowInputError
from realtime.flow import picture_kernels as kernels
from realtime.flow import rigid
from realtime.flow.level import Level, LevelConfig, gaussian
from realtime.flow.rigid import Model, remove_rigid
from realtime.types import CHIP_SIZE, Flow, Window, freeze

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

WARPS = (5, 3, 2)  # at most, at 32, 64 and 128 pixels
CONTRAST = 10.0  # local standard deviation of a normalised picture
CONTRAST_FLOOR = 11.0  # gray levels: less local contrast than this is not blown up to full
WIDE = gaussian(2.0)  # at a quarter of the size: 8 chip pixels


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """How the flow of a window is computed."""

    level: LevelConfig = field(default_factory=LevelConfig)
    rigid_model: Model = "affine"  # of the head motion taken out by flow_of

    def __post_init__(self) -> None:
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
    sizes = [CHIP_SIZE >> k for k in reversed(range(len(WARPS)))]
    return [Level(size, warps, config.level) for size, warps in zip(sizes, WARPS, strict=True)]


def _solve(first: list[F32], second: list[F32], levels: list[Level]) -> F32:
    flow = np.zeros((2, *first[0].shape), np.float32)
    for a, b, level in zip(first, second, levels, strict=True):
        if a.shape != flow.shape[1:]:
            flow = _finer(flow)
        level.refine(a, b, flow)
    return np.ascontiguousarray(np.moveaxis(flow, 0, -1))


def _finer(flow: F32) -> F32:
    finer = np.empty((2, 2 * flow.shape[1], 2 * flow.shape[2]), np.float32)
    for coarse, fine in zip(flow, finer, strict=True):
        kernels.double(coarse, 2.0, fine)
    return finer


def _pyramid(chip: U8) -> list[F32]:
    """The locally normalised chip at 32, 64 and 128 pixels."""
    planes = [_normalised(chip.astype(np.float32))]
    for _ in WARPS[1:]:
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
