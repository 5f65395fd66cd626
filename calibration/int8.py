"""python -m calibration.int8: activation ranges of the shipped network, and which layers keep float32.

Ranges come from the published motion maps and from maps that the live chain makes of recordings; every layer
is then quantised alone and the logits compared, and the most sensitive ones stay as they were until the
decisions agree. `engine.build --precision int8` uses the result on every backend.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import graph
from engine.build import DATA
from engine.card import DEFAULT_MODEL, checked_bytes, read_card
from engine.errors import ConfigError, FlinchError
from engine.flags import Parser
from engine.parity import compare, published_maps, realistic_maps, varied_maps
from engine.quantise import collect_ranges, keep_by_measurement, layers_of, logits_of, quantised
from engine.ranges import ActivationRanges, ranges_path, write_ranges
from realtime.analyse import Analyser
from realtime.face.finder import FaceFinder
from realtime.flow import flow_of
from realtime.maps import maps_of
from realtime.sources import open_source
from realtime.spotting.spotter import Spotter
from realtime.types import UNCLEAR, MotionMaps, Recognition

Maps = NDArray[np.float32]

_VIDEOS = (".mkv", ".mov", ".mp4", ".mpg", ".webm")


def live_maps(clips: Sequence[Path], of_each: int) -> Maps:
    """(n, 4, 28, 28, 3) float32: the first movements the live chain spots in each recording."""
    found = [maps_u8 for clip in clips for maps_u8 in islice(_maps_of_clip(clip), of_each)]
    return np.array(found, dtype=np.float32).reshape(-1, 4, 28, 28, 3)


def measure(content: bytes, weights_sha256: str, sets: dict[str, Maps], agreement: float) -> ActivationRanges:
    """Ranges over every set together, layers kept so that decisions on it agree, and figures per set."""
    model = graph.load(content)
    together = np.concatenate(list(sets.values()))
    magnitudes = collect_ranges(model, together)
    keep = keep_by_measurement(model, magnitudes, together, agreement)
    whole, small = quantised(model, magnitudes), quantised(model, magnitudes, keep)
    figures: dict[str, Any] = {
        "layers": len(layers_of(model)),
        "kept": len(keep),
        "onnx_bytes": len(small.SerializeToString()),
    }
    unseen = (
        varied_maps(sets["published"], 1000, seed=1) if len(sets["published"]) else realistic_maps(300, 1)
    )
    for name, maps_f32 in {**sets, "realistic, not calibrated on": unseen}.items():
        if len(maps_f32):
            wanted = logits_of(model, maps_f32)
            figures[name] = {
                key: _figures(logits_of(each, maps_f32), wanted)
                for key, each in (("all_layers_int8", whole), ("shipped", small))
            }
    return ActivationRanges(weights_sha256, magnitudes, tuple(sorted(keep)), figures)


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        if not 0.0 < args.agreement <= 1.0:
            raise ConfigError(f"--agreement {args.agreement} must lie in (0, 1]")
        card = read_card(args.weights)
        content = checked_bytes(card.onnx)
        sets = {"published": published_maps(args.data), "live": live_maps(args.clips, args.of_each)}
        print(
            f"{card.name}: {', '.join(f'{len(maps)} {name} maps' for name, maps in sets.items())}", flush=True
        )
        ranges = measure(content, card.weights.sha256, sets, args.agreement)
    except (FlinchError, OSError) as error:
        print(f"calibration.int8: {error}", file=sys.stderr)
        return 2
    path = args.json or ranges_path(card)
    write_ranges(path, ranges)
    if args.onnx is not None:
        model = quantised(graph.load(content), ranges.magnitudes, frozenset(ranges.keep))
        args.onnx.write_bytes(model.SerializeToString())
    print(json.dumps(ranges.figures, indent=2))
    print(f"kept in float32: {', '.join(ranges.keep) or 'nothing'}")
    print(f"written: {path}")
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m calibration.int8", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--weights", default=DEFAULT_MODEL, help="a shipped model's name or a card's path")
    parser.add_argument("--data", type=Path, default=DATA / "causalnet-cde", help="the published features")
    parser.add_argument(
        "--clips", type=Path, nargs="*", default=_clips(), help="recordings for the live chain's maps"
    )
    parser.add_argument("--of-each", type=int, default=4, help="movements to take of a recording at most")
    parser.add_argument("--agreement", type=float, default=0.995, help="share of decisions that must stay")
    parser.add_argument("--json", type=Path, help="default: the model's file in engine/ranges")
    parser.add_argument("--onnx", type=Path, help="write the Q/DQ graph, too")
    return parser.parse_args(argv)


def _clips() -> list[Path]:
    """The real face videos among the test data; none where it is absent."""
    return sorted(path for path in (DATA / "faces" / "clips").glob("*") if path.suffix in _VIDEOS)


def _maps_of_clip(clip: Path) -> Iterator[NDArray[np.uint8]]:
    """Of every movement spotted in the recording, as the network would be given them."""
    analyser = Analyser(FaceFinder(), Spotter, flow_of, maps_of, _unasked)
    try:
        with open_source(str(clip)) as source:
            for frame in source:
                yield from (found.maps.maps_u8 for found in analyser.step(frame).recognitions)
        yield from (found.maps.maps_u8 for found in analyser.finish()[1])
    finally:
        analyser.close()


def _unasked(maps: MotionMaps) -> Recognition:
    """In place of the network, whose opinion is not wanted here."""
    return Recognition(maps, UNCLEAR, 0.0, (0.0, 0.0, 0.0))


def _figures(given: Maps, wanted: Maps) -> dict[str, Any]:
    found = compare(given, wanted)
    return {
        "samples": found.samples,
        "max_abs_logit_diff": round(found.max_abs_logit_diff, 5),
        "agreement": found.agreement,
    }


if __name__ == "__main__":
    sys.exit(main())
