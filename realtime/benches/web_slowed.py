"""The page's server with an analysis that takes so many milliseconds more for each window.

`python -m realtime.benches.web_slowed MS [flags of realtime.web]`: only `realtime.bench web` starts it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from realtime.app import assemble
from realtime.app.cli import run_main
from realtime.maps import maps_of
from realtime.types import Flow, MotionMaps
from realtime.web.__main__ import main as serve


def main(arguments: Sequence[str]) -> int:
    slower_s = float(arguments[0]) / 1000

    def slow_maps(flow: Flow) -> MotionMaps:
        time.sleep(slower_s)
        return maps_of(flow)

    vars(assemble)["maps_of"] = slow_maps  # in this process only: it exists to be measured
    return serve(arguments[1:])


if __name__ == "__main__":
    sys.exit(run_main(main))
