"""From chips to windows: where a movement begins, peaks and ends, without a look at the future."""

from realtime.spotting.choice import AnySpotter, spotter_maker
from realtime.spotting.regions import REGION_LANDMARKS, REGIONS
from realtime.spotting.spotter import Spotter, SpotterConfig

__all__ = ["REGIONS", "REGION_LANDMARKS", "AnySpotter", "Spotter", "SpotterConfig", "spotter_maker"]
