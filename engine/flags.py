"""Command lines: what is wrong with one is said in one line, as every error is."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import NoReturn

USER_ERROR = 2


class Parser(argparse.ArgumentParser):
    """argparse without the usage before an error; `python -m train.loso` says it as `train.loso`."""

    said_by = ""  # who says it instead

    def error(self, message: str) -> NoReturn:
        name = self.said_by or self.prog.removeprefix("python -m ")
        self.exit(USER_ERROR, f"{name}: {message}; --help lists what there is\n")


def at_least(least: int) -> Callable[[str], int]:
    """The type of a flag that takes a whole number from `least` on."""

    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more, not {value}")
        return value

    return whole_number


def number(text: str) -> float:
    """The type of a flag that takes a number which is one: neither infinite nor NaN."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a finite number, not {value:g}")
    return value
