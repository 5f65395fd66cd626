"""The proof an engine's manifest carries: its logits beside torch's, on real maps and others like them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.cache import Engine
from engine.card import MOL, ModelCard
from engine.errors import EngineMismatch
from engine.parity import Parity, compare, published_maps, realistic_maps, together, varied_maps
from engine.parity_frames import made_up_frames
from engine.published import NAME as PUBLISHED_NAME
from engine.runners import open_engine
from engine.runners.base import Maps
from engine.runners.torch_runner import TorchRunner

FRAME_SAMPLES = 200


def parity_of(engine: Engine, card: ModelCard, maps: Mapping[str, Maps]) -> dict[str, Any]:
    """Per set of maps and together: how far the engine is from torch.

    Raises: EngineMismatch if that is too far.
    """
    found: dict[str, Parity] = {}
    with TorchRunner(card) as reference, open_engine(engine, card) as runner:
        for name, maps_f32 in maps.items():
            found[name] = compare(runner.infer(maps_f32), reference.infer(maps_f32))
            _say_parity(name, found[name])
    found["together"] = together(list(found.values()))
    precision, chooses = engine.manifest.precision, card.network == MOL
    if precision != "int8" and not found["together"].fits(precision, chooses=chooses):
        raise EngineMismatch(f"engine {engine.folder}: parity is not reached: {found['together']}")
    return {name: dataclasses.asdict(each) for name, each in found.items()}


def parity_maps(card: ModelCard, data: Path | None, samples: int) -> dict[str, Maps]:
    """The published maps and `samples` made out of them; where they are not, as many made-up ones.

    Of a network that takes frames: made-up ones, fewer, since each is as large as fifty maps.
    """
    if card.network == MOL:
        return {"made-up": made_up_frames(min(samples, FRAME_SAMPLES), card.sample_shape)}
    if data is None or not data.is_dir():
        return {"realistic": realistic_maps(samples)}
    published = published_maps(data)
    realistic = varied_maps(published, samples)
    if card.name == PUBLISHED_NAME:
        return {"realistic": realistic}
    return {"published": published, "realistic": realistic}


def _say_parity(name: str, found: Parity) -> None:
    print(
        f"  parity on {found.samples} {name} maps: logits within {found.max_abs_logit_diff:.2g}, "
        f"{found.agreement:.2%} of decisions equal",
        flush=True,
    )
