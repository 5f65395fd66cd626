"""Makes `.venv` and keeps it: checks the system first, installs only when a requirement file changed.

Run by environment.sh with the Python that the environment shall have; needs nothing but that Python.
The environment holds the live path (`run`), or that and the tools of development (`dev`) or TensorRT (`gpu`).
"""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {"run": "requirements.txt", "dev": "requirements-dev.txt", "gpu": "requirements-gpu.txt"}

# What the wheels of OpenCV, its window and Numba load from the system, and the Debian package that has it.
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libXext.so.6": "libxext6",
}


def loads(library: str) -> bool:
    """Whether the system's loader finds the library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(loads: Callable[[str], bool] = loads) -> dict[str, str]:
    """Library -> Debian package, of those that are not there; only Linux is looked at."""
    if not sys.platform.startswith("linux"):
        return {}
    return {library: package for library, package in LIBRARIES.items() if not loads(library)}


def requirement_files(first: Path) -> Iterator[Path]:
    """The file and every file it includes with `-r`."""
    yield first
    for line in first.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from requirement_files(first.parent / line[3:].strip())


def fingerprint(kind: str, root: Path = ROOT) -> str:
    """Changes when a requirement file of this kind or the Python version does."""
    digest = hashlib.sha256(sys.version.encode())
    for path in requirement_files(root / FILES[kind]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def stamp(kind: str, root: Path = ROOT) -> Path:
    return root / ".venv" / f".installed-{kind}"


def is_current(kind: str, root: Path = ROOT) -> bool:
    """Whether the environment holds exactly what the requirement files now say."""
    path = stamp(kind, root)
    works = (root / ".venv" / "bin" / "python").exists()
    return works and path.exists() and path.read_text(encoding="utf-8") == fingerprint(kind, root)


def has_pip(python: Path) -> bool:
    """False for a `.venv` that is missing, was left half made, or whose Python is gone."""
    return (
        python.exists()
        and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    )


def install(kind: str) -> None:
    """Brings `.venv` to what the requirement file says, and notes it for the next time."""
    python = ROOT / ".venv" / "bin" / "python"
    if not has_pip(python):
        print(f"making .venv with Python {sys.version.split()[0]}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", ROOT / ".venv"], check=True)
    print(f"installing {FILES[kind]} into .venv (once; some minutes)", flush=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", ROOT / FILES[kind]], check=True)
    included = {path.name for path in requirement_files(ROOT / FILES[kind])}
    for each, name in FILES.items():
        if name in included:
            stamp(each).write_text(fingerprint(each), encoding="utf-8")


def main(kind: str) -> int:
    missing = missing_libraries()
    if kind == "missing":
        print(*missing.values())
        return 0
    if missing:
        names, packages = ", ".join(missing), " ".join(missing.values())
        print(f"flinch: missing {names}; install (Debian: apt-get install {packages})", file=sys.stderr)
        return 2
    if not is_current(kind):
        try:
            install(kind)
        except subprocess.CalledProcessError as error:
            print(f"flinch: {' '.join(map(str, error.cmd))} failed; see above", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
