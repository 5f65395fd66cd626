"""Which spotter a run has: the learned one, or the rules alone. Both behind one interface."""

from __future__ import annotations

from collections.abc import Callable

from engine.spotter import SpotterNet, read_spotter_card
from realtime.spotting.learned import LearnedSpotter
from realtime.spotting.spotter import Spotter, SpotterConfig

AnySpotter = Spotter | LearnedSpotter


def spotter_maker(config: SpotterConfig) -> Callable[[], AnySpotter]:
    """Makes the spotter of each new face; what they share is loaded now. Raises: ModelFileError."""
    if config.kind == "rules":
        return lambda: Spotter(config)
    net = SpotterNet(read_spotter_card(config.model))
    return lambda: LearnedSpotter(config, net)
