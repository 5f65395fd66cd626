"""The window: what the keys do, what is kept to step back through, and the little of OpenCV it needs.

`Viewer` is plain state without a display, so that every key can be tested; `Screen` shows its picture.
All of it lives on the main thread.
"""

from __future__ import annotations

import ctypes
import sys
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.channel import check_bounds
from realtime.clock import NS_PER_S
from realtime.overlay.layers import DEFAULT_LAYERS
from realtime.sizes import MB
from realtime.types import Analysis

SEEK_S = 1.0


class Key(Enum):
    """What a key asks for; the overlay's help layer says which key it is."""

    PAUSE = auto()
    BACK = auto()  # one picture
    FORWARD = auto()
    EARLIER = auto()  # one second
    LATER = auto()
    RECORD = auto()  # begin a session, or end it
    MARK = auto()  # this moment, in the session
    OVERLAYS = auto()
    HUD = auto()
    BASELINE = auto()  # the face is neutral now
    HELP = auto()
    QUIT = auto()


LETTERS = {
    "r": Key.RECORD,
    "e": Key.MARK,
    "o": Key.OVERLAYS,
    "h": Key.HUD,
    "b": Key.BASELINE,
    "q": Key.QUIT,
}

# Codes of cv2.waitKeyEx. Arrows differ: X11, Windows, macOS.
CODES = {
    **{ord(" "): Key.PAUSE, ord("?"): Key.HELP, 27: Key.QUIT},
    **{ord(letter): key for letter, key in LETTERS.items()},
    **{ord(letter.upper()): key for letter, key in LETTERS.items()},
    **dict.fromkeys((65361, 2424832, 63234), Key.BACK),
    **dict.fromkeys((65363, 2555904, 63235), Key.FORWARD),
    **dict.fromkeys((65362, 2490368, 63232), Key.EARLIER),
    **dict.fromkeys((65364, 2621440, 63233), Key.LATER),
}


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """How far back the window can step."""

    history_s: float = 10.0
    history_mb: float = 200.0

    def __post_init__(self) -> None:
        check_bounds("window.history_s, window.history_mb", self.history_s, self.history_mb)


class History:
    """The last pictures shown, oldest dropped first, bounded by seconds and bytes."""

    def __init__(self, config: WindowConfig) -> None:
        self._duration_ns = int(config.history_s * NS_PER_S)
        self._max_bytes = int(config.history_mb * MB)
        self._kept: deque[Analysis] = deque()
        self._bytes = 0

    def push(self, analysis: Analysis) -> None:
        self._kept.append(analysis)
        self._bytes += analysis.frame.bgr.nbytes
        while len(self._kept) > 1 and self._too_much():
            self._bytes -= self._kept.popleft().frame.bgr.nbytes

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, position: int) -> Analysis:
        return self._kept[position]

    def position_at(self, t_ns: int) -> int:
        """The last picture not after `t_ns`; the first when all are."""
        earlier = sum(analysis.frame.t_ns <= t_ns for analysis in self._kept)
        return max(earlier - 1, 0)

    def _too_much(self) -> bool:
        span_ns = self._kept[-1].frame.t_ns - self._kept[0].frame.t_ns
        return self._bytes > self._max_bytes or span_ns > self._duration_ns


class Viewer:
    """What is seen and how: live or paused somewhere in the history, with or without overlays.

    `asked` is called with the keys that concern the run and not the view: RECORD, MARK, BASELINE.
    """

    def __init__(
        self, config: WindowConfig, asked: Callable[[Key], None], layers: Collection[str] = DEFAULT_LAYERS
    ) -> None:
        self.paused = False
        self.overlays = True
        self.hud = True
        self.help = False
        self.quit = False
        self._asked = asked
        self._layers = frozenset(layers)
        self._history = History(config)
        self._position = 0

    def push(self, analysis: Analysis) -> None:
        """The newest analysis; while paused the history stands still."""
        if not self.paused:
            self._history.push(analysis)
            self._position = len(self._history) - 1

    @property
    def shown(self) -> Analysis | None:
        """What the window shows now; None before the first frame."""
        return self._history[self._position] if len(self._history) else None

    @property
    def layers(self) -> frozenset[str]:
        """The overlay's layers as the keys left them."""
        figures = {"hud"} if self.hud else set()
        wanted = (self._layers - {"hud"} if self.overlays else set()) | figures
        return frozenset(wanted | ({"help"} if self.help else set()))

    def press(self, code: int) -> bool:
        """Do what the key with this code of cv2.waitKeyEx asks for; False for any other code."""
        key = CODES.get(code)
        if key is None:
            return False
        if key in (Key.RECORD, Key.MARK, Key.BASELINE):
            self._asked(key)
        elif key in (Key.BACK, Key.FORWARD, Key.EARLIER, Key.LATER):
            self._move(key)
        else:
            self._switch(key)
        return True

    def _switch(self, key: Key) -> None:
        name = {
            Key.PAUSE: "paused",
            Key.OVERLAYS: "overlays",
            Key.HUD: "hud",
            Key.HELP: "help",
            Key.QUIT: "quit",
        }[key]
        setattr(self, name, not getattr(self, name))

    def _move(self, key: Key) -> None:
        """Step or seek within the history; that pauses, since the live picture would be back at once."""
        shown = self.shown
        if shown is None:
            return
        self.paused = True
        position = self._position + {Key.BACK: -1, Key.FORWARD: 1}.get(key, 0)
        seek_ns = {Key.EARLIER: -SEEK_S, Key.LATER: SEEK_S}.get(key, 0.0) * NS_PER_S
        if seek_ns:
            position = self._history.position_at(shown.frame.t_ns + int(seek_ns))
        self._position = min(max(position, 0), len(self._history) - 1)


class Screen:
    """A window of the desktop. Used with `with`."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __enter__(self) -> Screen:
        cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        self._sized = False
        return self

    def show(self, bgr: NDArray[np.uint8]) -> None:
        if not self._sized:
            height, width = bgr.shape[:2]
            cv2.resizeWindow(self._title, width, height)
            self._sized = True
        cv2.imshow(self._title, bgr)

    def key(self) -> int:
        """The code of the key pressed last, or -1; what else the window must do is done here too."""
        return cv2.waitKeyEx(1)

    @property
    def closed(self) -> bool:
        """The user closed the window with the mouse."""
        return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        cv2.destroyAllWindows()


def why_no_display() -> str | None:
    """None where a window can be opened, else why not.

    The window's library ends the whole process when it finds no display, so it is looked for first.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return "libX11.so.6 is missing (Debian: apt-get install libx11-6)"
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        return "no display"
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return None
