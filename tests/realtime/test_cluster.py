"""Work on a small Ray cluster: a worker is killed midway, and nothing is lost or done twice."""

from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path

import pytest

from realtime import cluster
from realtime.cluster import LOCAL, _once, on_ray
from realtime.errors import ConfigError


def square(item):
    """Notes when it began and ended; the third item's first worker is killed in between."""
    folder, number = item
    first = not (folder / f"{number}.begun").exists()
    with (folder / f"{number}.begun").open("a") as begun:
        begun.write(f"{os.getpid()}\n")
    if number == 2 and first:
        os.kill(os.getpid(), signal.SIGKILL)
    with (folder / f"{number}.done").open("a") as done:
        done.write(f"{os.getpid()}\n")
    return number * number


def wrong(item):
    raise ConfigError(f"item {item} is wrong")


def lines(folder: Path, suffix: str) -> dict[int, int]:
    return {int(path.stem): len(path.read_text().splitlines()) for path in folder.glob(f"*.{suffix}")}


@pytest.fixture
def ray():
    return pytest.importorskip("ray", reason="pip install -r requirements-ray.txt to run this test")


def test_a_killed_worker_loses_nothing_and_nothing_is_done_twice(ray, tmp_path):
    items = [(tmp_path, number) for number in range(8)]
    found = dict(on_ray(LOCAL, square, items, tmp_path / "out", workers=2))
    assert found == {number: number * number for number in range(8)}
    assert lines(tmp_path, "done") == dict.fromkeys(range(8), 1)
    assert lines(tmp_path, "begun") == {**dict.fromkeys(range(8), 1), 2: 2}, "only the killed one began again"
    assert not list((tmp_path / "out").iterdir()), "the ledger is gone"


def test_an_error_comes_back_as_it_was(ray, tmp_path):
    with pytest.raises(ConfigError, match="item 5 is wrong"):
        list(on_ray(LOCAL, wrong, [5], tmp_path, workers=1))


def test_no_cluster_is_one_line(ray, tmp_path):
    with pytest.raises(ConfigError, match=r"--ray 127\.0\.0\.1:1: no cluster answers"):
        list(on_ray("127.0.0.1:1", square, [], tmp_path))


def test_without_ray_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ConfigError, match="requirements-ray"):
        list(on_ray(LOCAL, square, [], tmp_path))


def test_what_stands_in_the_ledger_is_not_done_again(tmp_path):
    (tmp_path / "0").write_bytes(pickle.dumps("kept"))
    assert _once(wrong, 5, tmp_path / "0") == "kept"
    assert _once(square, (tmp_path, 3), tmp_path / "1") == 9
    assert pickle.loads((tmp_path / "1").read_bytes()) == 9
    assert (cluster.ROOT / "realtime" / "cluster.py").is_file()
