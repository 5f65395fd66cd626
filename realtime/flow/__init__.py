"""A window's dense motion, without the head's: `flow_of(window)`."""

from __future__ import annotations

from realtime.flow.window import FlowConfig, flow_of, flow_pair, warm_up, window_flow

__all__ = ["FlowConfig", "flow_of", "flow_pair", "warm_up", "window_flow"]
