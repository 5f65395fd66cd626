"""Which spotter a run has: the learned one, or the rules alone. Both behind one interface."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import ModelFileError
from engine.spotter import SpotterNet, read_spotter_card
from realtime.spotting.evidence import FEATURES
from realtime.spotting.learned import LearnedSpotter
from realtime.spotting.outputs import OUTPUTS
from realtime.spotting.parallax import UNITS
from realtime.spotting.spotter import Spotter, SpotterConfig

AnySpotter = Spotter | LearnedSpotter


def spotter_maker(config: SpotterConfig) -> Callable[[], AnySpotter]:
    """Makes the spotter of each new face; what they share is loaded now. Raises: ModelFileError."""
    if config.kind == "rules":
        return lambda: Spotter(config)
    net = SpotterNet(read_spotter_card(config.model))
    if (net.card.features, net.card.outputs, len(net.templates)) != (FEATURES, OUTPUTS, len(UNITS)):
        raise ModelFileError(
            f"spotter {net.card.name} belongs to another version: {net.card.features} features of "
            f"{len(net.templates)} action units, not {FEATURES} of {len(UNITS)}; use --spotter rules, or "
            f"restore it from the release"
        )
    return lambda: LearnedSpotter(config, net)
