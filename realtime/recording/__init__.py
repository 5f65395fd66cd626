"""Recorded sessions, lossless, and the annotated video."""
