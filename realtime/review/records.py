"""What the review room hands around: sessions, candidates with their review, evidence, questions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.types import Event, Kind

AROUND_NS = NS_PER_S // 2  # evidence begins and ends so far from the movement
SLOWNESS = 4  # a loop plays so many times slower than it happened
MOST_EVIDENCE = 1.0


class Unit(str, Enum):
    """What a spotter's score counts."""

    EVIDENCE = "evidence"  # of the learned spotter, 0 to 1
    NOISE = "noise"  # of the rules, in multiples of the person's own


def unit_of(event: Event) -> Unit:
    """The unit of `spot_score`, told from the event alone: neither tables nor older stores name the spotter.

    The learned spotter finds brief movements only and says at most 1; rules begin at several times the noise.
    """
    sure = event.kind is Kind.MICRO and event.spot_score <= MOST_EVIDENCE
    return Unit.EVIDENCE if sure else Unit.NOISE


class Status(str, Enum):
    """What a person said of a candidate. The values stand in the exports."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Origin(str, Enum):
    """Where a session's events come from."""

    LIVE = "live"  # a camera or the demo, in the page
    REPLAY = "replay"  # a clip
    RECORDED = "recorded"  # a folder that `cam --record` or the page left


@dataclass(frozen=True, slots=True)
class Session:
    """One run whose events can be reviewed."""

    id: str  # 16 hexadecimal digits, never used twice
    name: str  # for people
    source: str  # what its frames and events carry
    origin: Origin
    started: str  # wall clock, ISO 8601
    subject: str = ""  # who was watched, where somebody said so
    folder: str | None = None  # name of the recording under the sessions folder
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How far the review of a session is."""

    events: int = 0
    accepted: int = 0
    rejected: int = 0

    @property
    def pending(self) -> int:
        return self.events - self.accepted - self.rejected


@dataclass(frozen=True, slots=True)
class Ref:
    """Names one event of one session."""

    session: str
    event: int

    def __str__(self) -> str:
        return f"{self.session}/{self.event}"


@dataclass(frozen=True, slots=True)
class Review:
    """What holds of a candidate now: as it was found, or as a person changed it."""

    status: Status
    label: str  # one of LABELS, or UNCLEAR
    onset_frame: int  # onset < apex < offset
    apex_frame: int
    offset_frame: int
    onset_ns: int
    apex_ns: int
    offset_ns: int
    note: str = ""
    decided: str | None = None  # wall clock, ISO 8601; None: nobody has looked at it

    @classmethod
    def of(cls, event: Event) -> Review:
        """The event as it was found."""
        return cls(
            status=Status.PENDING,
            label=event.label,
            onset_frame=event.onset_frame,
            apex_frame=event.apex_frame,
            offset_frame=event.offset_frame,
            onset_ns=event.onset_ns,
            apex_ns=event.apex_ns,
            offset_ns=event.offset_ns,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One event as it was found, and its review."""

    session: str
    event: Event
    review: Review
    evidence: bool  # there is a loop to look at

    @property
    def ref(self) -> Ref:
        return Ref(self.session, self.event.event)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a person needs to judge one event. Row i of the series is picture i of the loop and chip i."""

    frames: NDArray[np.int64]  # (n,) frame numbers, as the event's
    t_ns: NDArray[np.int64]  # (n,) on the event's time line
    scores: NDArray[np.float32]  # (n,) the spotter's signal, in a `Unit` of its own; NaN: not measured
    thresholds: NDArray[np.float32]  # (n,) same unit
    loop_mp4: bytes  # H.264, every picture can be jumped to, SLOWNESS times slower
    chips_png: bytes  # the n gray chips below one another, lossless
    heat_png: bytes  # (128, 128) BGRA on the chip's grid: how far the skin moved from onset to apex
    heat_range_px: float  # what its hottest colour stands for
    maps_u8: NDArray[np.uint8]  # (4, 28, 28, 3) what the network saw

    @property
    def nbytes(self) -> int:
        return len(self.loop_mp4) + len(self.chips_png) + len(self.heat_png) + self.maps_u8.nbytes


@dataclass(frozen=True, slots=True)
class Change:
    """What a person wants changed of one candidate; None leaves it as it is."""

    status: Status | None = None
    label: str | None = None
    onset_frame: int | None = None
    apex_frame: int | None = None
    offset_frame: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which candidates, in which order. Empty tuples and texts leave nothing out."""

    text: str = ""  # somewhere in a session's name, source, subject, or in a note
    sessions: tuple[str, ...] = ()
    events: tuple[int, ...] = ()  # their numbers
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()  # as reviewed
    statuses: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()  # has any of these
    without_flags: tuple[str, ...] = ()  # has none of these
    confidence: tuple[float, float] = (0.0, 1.0)
    order: str = "time"  # one of queries.ORDERS
    descending: bool = False
    limit: int = 500  # -1: all of them


ALL = Query()
