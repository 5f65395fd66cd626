"""How large things are, in one unit."""

from __future__ import annotations

MB = 1_000_000  # bytes
