"""Command lines: what is wrong with one is said in one line, as every error is."""

from __future__ import annotations

import argparse
from typing import NoReturn

USER_ERROR = 2


class Parser(argparse.ArgumentParser):
    """argparse without the usage before an error; `python -m train.loso` says it as `train.loso`."""

    said_by = ""  # who says it instead

    def error(self, message: str) -> NoReturn:
        name = self.said_by or self.prog.removeprefix("python -m ")
        self.exit(USER_ERROR, f"{name}: {message}; --help lists what there is\n")
