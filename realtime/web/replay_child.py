"""`python -m realtime.web.replay_child`: one clip in a process of its own, within limits; not for people.

Reads one `Task` as a line of JSON from stdin. Writes lines of JSON to stdout: progress with what is new of
the signal, then `done` or `error`. What was found goes into a review store of its own. Ends when stdout
breaks, so it never outlives the server.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

from realtime.sizes import MB
from realtime.web.replay_task import ReplayLimits, Task

OPEN_FILES = 256
CODE_STOPPED = 3


def main() -> int:
    tell = Teller()
    task = Task.from_json(sys.stdin.readline())
    confine(task.limits)
    try:
        # Only now: whatever these load counts against the limits.
        from realtime.errors import FlinchError
        from realtime.web.replay_run import analysed

        try:
            tell.line(analysed(task, tell.line))
        except FlinchError as error:
            tell.line({"error": str(error).replace(task.clip, task.title)})
    except MemoryError:
        most = f"{task.limits.memory_mb} MB"
        tell.line({"error": f"{task.title}: analysing it takes more than {most} of memory; make it smaller"})
    except BrokenPipeError:
        return CODE_STOPPED
    return 0


def confine(limits: ReplayLimits) -> None:
    """From here on the process cannot take more than this; a kill by the system is the last resort."""
    for what, most in (
        (resource.RLIMIT_DATA, limits.memory_mb * MB),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.written_mb * MB),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))
    os.nice(5)  # a live session on the same machine comes first


class Teller:
    """Lines to the parent, on a descriptor that no library can write to by mistake."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def line(self, said: dict[str, Any]) -> None:
        self._out.write(json.dumps(said, ensure_ascii=True) + "\n")
        self._out.flush()


if __name__ == "__main__":
    sys.exit(main())
