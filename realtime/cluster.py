"""Work spread over a Ray cluster, where one machine is no longer enough: an extra (requirements-ray.txt).

Every machine needs this checkout and the data at the same paths, and the same environment. A task whose
worker dies is given to another. What a task gave is kept in a ledger, a folder that all machines see, before
it is handed back: a task given out again because its answer got lost is not done again.
"""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from realtime.errors import ConfigError

LOCAL = "local"  # no cluster: workers on this machine, for trying it out
POLL_S = 0.2
CONNECT_S = 5.0
START_S = "180"  # a busy machine needs longer than Ray's own half minute to start a local cluster
RETRIES = 5  # of a task whose worker died
ROOT = Path(__file__).resolve().parent.parent

Item = TypeVar("Item")
Result = TypeVar("Result")


def on_ray(
    address: str,
    work: Callable[[Item], Result],
    items: Sequence[Item],
    out: Path,
    *,
    workers: int = 2,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Result]]:
    """(position, result) of every item, as they are ready; `work` must be a module's own function.

    Args: address: of a cluster (`auto`, `host:6379`), or `local`, then with so many `workers`; out: a folder
        that all machines see, for the ledger. Once `stopped`, nothing further is begun.
    Raises: ConfigError if Ray is not installed, or no cluster answers; what `work` raises.
    """
    ray = _connected(address, workers)
    ledger = out / f".cluster-{uuid.uuid4().hex[:8]}"
    ledger.mkdir(parents=True)
    try:
        once = ray.remote(num_cpus=1, max_retries=RETRIES)(_once)
        pending = {once.remote(work, item, ledger / str(at)): at for at, item in enumerate(items)}
        while pending and not stopped():
            ready, _ = ray.wait(list(pending), timeout=POLL_S)
            for done in ready:
                yield pending.pop(done), _result(ray, done)
    finally:
        ray.shutdown()
        shutil.rmtree(ledger, ignore_errors=True)


def _once(work: Callable[[Item], Result], item: Item, entry: Path) -> Result:
    """What stands in the ledger; else the work itself, entered whole or not at all."""
    if entry.exists():
        kept: Result = pickle.loads(entry.read_bytes())
        return kept
    result = work(item)
    unfinished = entry.with_name(f"{entry.name}-{os.getpid()}.tmp")
    unfinished.write_bytes(pickle.dumps(result))
    unfinished.replace(entry)
    return result


def _connected(address: str, workers: int) -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anybody
    os.environ.setdefault("RAY_raylet_start_wait_time_s", START_S)
    try:
        import ray
    except ImportError as error:
        raise ConfigError(f"--ray: {error}; pip install -r requirements-ray.txt") from error
    _answers(address)
    alone = {"num_cpus": workers, "include_dashboard": False} if address == LOCAL else {}
    try:
        ray.init(
            address=address, runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}}, log_to_driver=False,
            logging_level="error", **alone,
        )  # fmt: skip
    except Exception as error:  # Ray raises the bare class where a node does not start
        line = str(error).splitlines()[0]
        raise ConfigError(f"--ray {address}: no cluster answers ({line})") from error
    return ray


def _answers(address: str) -> None:
    """Ray itself waits for minutes where nobody listens. Raises: ConfigError."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except OSError as error:
        raise ConfigError(f"--ray {address}: no cluster answers ({error.strerror or error})") from error


def _result(ray: Any, done: Any) -> Any:
    """Its result, or the error that `work` raised, as if it had happened here."""
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, Exception) else error from None
    except ray.exceptions.WorkerCrashedError as error:
        raise ConfigError(
            f"--ray: a task's workers died {RETRIES + 1} times; the same command continues"
        ) from error
