"""The root of the family of errors, and the engine's own branch; `realtime.errors` has the rest.

It stands here because imports go one way: realtime may import engine, never the reverse.
"""

from __future__ import annotations


class FlinchError(Exception):
    """A user's error: what failed, on which input, and what to do, in one line."""


class ConfigError(FlinchError):
    """A configuration file or flag has an unknown key, a wrong type or a value out of range."""


class EngineMismatch(FlinchError):
    """An engine was built for other weights, another backend or another machine."""


class ModelFileError(FlinchError):
    """A weights file is missing, damaged or not the one its card describes."""


class EngineInputError(FlinchError):
    """Maps handed to an engine differ in shape or dtype from what its metadata asks for."""


class EngineFault(FlinchError):
    """TensorRT or CUDA refused a call: which call, on which tensor, and its own words."""
