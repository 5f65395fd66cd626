"""Flinch in the browser: `python -m realtime.web`."""
