"""Work spread over processes: results come as they are ready, with their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from realtime.cluster import on_ray
from train.errors import DatasetError
from train.workers import worker_pool

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    *,
    ray: str | None = None,
    ledgers: Path = Path("out"),
) -> Iterator[tuple[int, Result]]:
    """(position, result) of every item, in any order; on a Ray cluster where `ray` names one.

    Raises: DatasetError if a worker process was killed (Ray gives its work to another). ConfigError.
    """
    if ray is not None and items:
        yield from on_ray(ray, work, items, ledgers.resolve(), workers=jobs)
        return
    if jobs == 1 or len(items) < 2:
        yield from ((at, work(item)) for at, item in enumerate(items))
        return
    with worker_pool(min(jobs, len(items))) as pool:
        futures = {pool.submit(work, item): at for at, item in enumerate(items)}
        try:
            yield from ((futures[done], done.result()) for done in as_completed(futures))
        except BrokenProcessPool as error:
            raise DatasetError(
                "a worker was killed, out of memory perhaps; the same command continues (fewer --jobs)"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
