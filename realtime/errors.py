"""One family of errors. Rooms raise them; only the entry points catch, print one line and exit."""

from __future__ import annotations

from engine.errors import ConfigError, EngineMismatch, FlinchError, ModelFileError

__all__ = [
    "CalibrationError",
    "ClipRejected",
    "ConfigError",
    "EngineMismatch",
    "FlinchError",
    "FlowInputError",
    "ModelFileError",
    "OutputError",
    "ReviewError",
    "SourceError",
]


class SourceError(FlinchError):
    """A camera, file or address cannot be opened, or stopped for good."""


class ClipRejected(SourceError):
    """A file is not a video we read, or nothing in it decodes."""


class OutputError(FlinchError):
    """Results cannot be written; what was written before stays."""


class FlowInputError(FlinchError):
    """Chips handed to the flow differ in shape or dtype, or hold what is no picture."""


class ReviewError(FlinchError):
    """The review file cannot be opened or written, or a decision, an import or an export is not possible."""


class CalibrationError(FlinchError):
    """A calibration or profile cannot be made or used."""
