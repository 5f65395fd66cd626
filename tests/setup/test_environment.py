"""The environment is made once, and again only when a requirement file changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from setup import environment

SCRIPT = environment.ROOT / "setup" / "environment.sh"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose environment has everything installed."""
    (tmp_path / "requirements.txt").write_text("numpy==1.26.4\n")
    (tmp_path / "requirements-dev.txt").write_text("# tools\n-r requirements.txt\npytest==9.2.0\n")
    (tmp_path / "requirements-gpu.txt").write_text("-r requirements.txt\ntensorrt==11.4.0.106\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for kind in ("run", "dev"):
        environment.stamp(kind, tmp_path).write_text(environment.fingerprint(kind, tmp_path))
    return tmp_path


def test_nothing_is_done_while_nothing_changes(root: Path) -> None:
    assert environment.is_current("run", root)
    assert environment.is_current("dev", root)
    assert not environment.is_current("gpu", root)


def test_a_changed_file_counts_for_whoever_includes_it(root: Path) -> None:
    (root / "requirements-dev.txt").write_text("-r requirements.txt\npytest==9.2.1\n")
    assert environment.is_current("run", root)
    assert not environment.is_current("dev", root)
    (root / "requirements.txt").write_text("numpy==1.26.3\n")
    assert not environment.is_current("run", root)


def test_an_environment_whose_python_is_gone_is_made_again(root: Path) -> None:
    (root / ".venv" / "bin" / "python").unlink()
    assert not environment.is_current("run", root)
    (root / ".venv" / "bin" / "python").symlink_to(root / "removed")
    assert not environment.is_current("run", root)
    assert not environment.has_pip(root / ".venv" / "bin" / "python")


def test_missing_libraries_are_named_with_their_package() -> None:
    missing = environment.missing_libraries(lambda library: library != "libGL.so.1")
    assert missing == ({"libGL.so.1": "libgl1"} if sys.platform.startswith("linux") else {})
    assert environment.missing_libraries(lambda library: True) == {}


def test_a_missing_library_ends_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "missing_libraries", lambda: {"libGL.so.1": "libgl1"})
    assert environment.main("run") == 2
    assert capsys.readouterr().err == (
        "flinch: missing libGL.so.1; install (Debian: apt-get install libgl1)\n"
    )
    assert environment.main("missing") == 0
    assert capsys.readouterr().out == "libgl1\n"


def test_every_requirement_is_pinned_exactly() -> None:
    for name in environment.FILES.values():
        for path in environment.requirement_files(environment.ROOT / name):
            for line in path.read_text().splitlines():
                if line and not line.startswith(("#", "-")):
                    assert "==" in line, f"{path.name}: {line}"


@pytest.mark.parametrize(
    "version, message", [("3.9", "Python 3.10, 3.11 or 3.12"), ("3.12", "python3.12-venv")]
)
def test_an_unfit_python_is_refused_in_one_line(tmp_path: Path, version: str, message: str) -> None:
    python = tmp_path / "python3"
    # Says its version, and fails at everything else, as one without venv does.
    python.write_text(f'#!/bin/sh\ncase "$2" in *print*) echo {version};; *) exit 1;; esac\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", SCRIPT, "run"], env={**os.environ, "PYTHON": str(python)}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
