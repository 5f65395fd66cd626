"""The saved profiles of a server: their names, who measured them here, and which one a visitor uses."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from realtime.errors import CalibrationError, OutputError
from realtime.profile.profile import Profile, load_profile, save_profile, with_profile
from realtime.web.state import WebState

VISITORS = 64  # whose choice is remembered
NAME_LENGTH = 40
_NOT_IN_NAMES = re.compile(r"[^\w .-]+")


class Profiles:
    """One JSON file each; every visitor may use and delete all of them."""

    def __init__(self, state: WebState) -> None:
        self._state = state
        self._made_by: dict[str, str] = {}  # name -> the visitor who measured it here

    def _file(self, name: str) -> Path:
        return self._state.profiles / f"{name}.json"

    def names(self) -> list[str]:
        """Of the saved profiles, in order."""
        return sorted(path.stem for path in self._state.profiles.glob("*.json"))

    def others(self, visitor: str) -> set[str]:
        """Names of those that this visitor did not measure."""
        return {name for name in self.names() if self._made_by.get(name) != visitor}

    def save(self, visitor: str, profile: Profile) -> None:
        """Kept, and used by who measured it. Raises: OutputError, CalibrationError."""
        save_profile(self._file(profile.name), profile)
        self._made_by[profile.name] = visitor
        self.use(visitor, profile)

    def use(self, visitor: str, profile: Profile | None) -> None:
        """From the visitor's next live session on. Raises: CalibrationError when it holds no person."""
        chosen = self._state.chosen
        chosen.pop(visitor, None)
        while len(chosen) >= VISITORS:
            chosen.pop(next(iter(chosen)))
        if profile is not None:
            chosen[visitor] = with_profile(self._state.config, profile)

    def load(self, name: str) -> Profile:
        """Raises: CalibrationError."""
        return replace(load_profile(self._file(checked_name(name))), name=name)

    def delete(self, name: str) -> None:
        """For good: nobody uses it any more. Raises: CalibrationError, OutputError."""
        try:
            self._file(checked_name(name)).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"profile {name} cannot be deleted: {error.strerror}") from error
        self._made_by.pop(name, None)
        for visitor in [each for each in self._state.chosen if self.used(each) == name]:
            self.use(visitor, None)

    def used(self, visitor: str) -> str:
        """The profile of the visitor's next session; empty: none."""
        return self._state.config_of(visitor).profile.name


def checked_name(name: str) -> str:
    """A name that is also a safe file name. Raises: CalibrationError."""
    cleaned = _NOT_IN_NAMES.sub("", name).strip(" .")[:NAME_LENGTH].rstrip(" .")
    if not cleaned:
        raise CalibrationError("give the profile a name of letters and digits")
    return cleaned


def numbered(name: str, taken: set[str]) -> str:
    """The name where it is free, else the first of "name 2", "name 3" and so on that is."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[: NAME_LENGTH - len(str(number)) - 1].rstrip(' .')} {number}"
    return free
