"""`python -m realtime.review.again`: pictures for recordings whose events came without any.

`cam --record` keeps film and tables. This analyses such a recording once more, exactly as it was recorded,
and puts loop, heat map, curve and chips beside the events that the library has. Decisions stay as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from realtime.app.cli import DONE, Parser, run_main
from realtime.app.jobs import Settings, config_for
from realtime.app.run import Run, Wanted
from realtime.errors import FlinchError, ReviewError
from realtime.overlay.layers import DEFAULT_LAYERS
from realtime.review.collect import Collector
from realtime.review.desk import SESSIONS_NAME, STORE_NAME, Desk
from realtime.review.records import Candidate, Origin, Query, Session
from realtime.review.store import Limits, Store
from realtime.sources.session import SessionSource

VISITOR = "again"
POLL_S = 0.5
ROOM = Limits(sessions=1, max_mb=4_000.0)  # what one recording may need while it is analysed


def parser() -> Parser:
    made = Parser(prog="python -m realtime.review.again", description="Pictures for recorded events.")
    made.add_argument("--data", type=Path, required=True, metavar="DIR", help="the page's data folder")
    return made


def main(arguments: Sequence[str]) -> int:
    data: Path = parser().parse_args(arguments).data.expanduser()
    if not data.is_dir():
        raise ReviewError(f"--data {data}: no such folder")
    desk = Desk(data / STORE_NAME)
    try:
        desk.index_recordings()
        store = desk.store_of(VISITOR, kept=True)
        for session in store.sessions():
            if session.folder is not None and lacking(store, session):
                print(said(store, session, data / SESSIONS_NAME / session.folder), flush=True)
    finally:
        desk.close()
    return DONE


def said(store: Store, session: Session, folder: Path) -> str:
    """Analyses one recording again, and says how it went; one that cannot be read is told in the line."""
    wanted = len(lacking(store, session))
    try:
        seen = seen_again(store, session, folder)
    except FlinchError as error:
        return f"{session.name}: {error}"
    return f"{session.name}: pictures for {seen} of {wanted} events"


def lacking(store: Store, session: Session) -> tuple[Candidate, ...]:
    """The session's events without evidence."""
    found = store.candidates(Query(sessions=(session.id,), limit=-1))
    return tuple(candidate for candidate in found if not candidate.evidence)


def seen_again(store: Store, session: Session, folder: Path) -> int:
    """Evidence for every event that the analysis finds where the recording has it; for how many.

    Raises: ClipRejected and what a run raises.
    """
    with Store(limits=ROOM) as found:
        with SessionSource(folder) as source:
            config = config_for(folder, Settings(None, {}, False, frozenset(DEFAULT_LAYERS)))
            collector = Collector(found, source.name, origin=Origin.RECORDED)
            run = Run(
                source,
                config,
                Wanted(late_frames=source.late),
                lossless=True,
                more_sinks=[collector],
            )
            with run:
                while not run.pipeline.wait(POLL_S):
                    pass
        again = {marks_of(one): one for one in found.candidates(Query(limit=-1))}
        matching = [(one, again[marks_of(one)]) for one in lacking(store, session) if marks_of(one) in again]
        for one, same in matching:
            evidence = found.evidence(same.ref)
            assert evidence is not None, "the collector is closed"
            store.add_evidence(one.ref, evidence)
        return len(matching)


def marks_of(candidate: Candidate) -> tuple[int, int, int, int]:
    """What names a movement in a recording, whatever its number is."""
    event = candidate.event
    return event.face, event.onset_frame, event.apex_frame, event.offset_frame


if __name__ == "__main__":
    sys.exit(run_main(main))
