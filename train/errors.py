"""The training rooms' branch of the one family of errors."""

from __future__ import annotations

from engine.errors import FlinchError


class DatasetError(FlinchError):
    """A dataset folder is missing, incomplete or not what its reader expects."""
