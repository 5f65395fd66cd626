"""Who may import whom, and where threads and compiled code may stand."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

OWN = ("engine", "realtime", "train", "calibration")
MAY_IMPORT = {
    "engine": {"engine"},
    "realtime": {"realtime", "engine"},
    "train": {"train", "realtime", "engine"},
    "calibration": {"calibration", "realtime", "engine"},
}
# What the live path does without; `make run` installs pandas all the same, since gradio asks for it.
NOT_LIVE = {"torch", "onnx", "onnxscript", "pandas", "sklearn", "safetensors", "matplotlib", "pympi"}
# What only the page needs: a camera starts without it.
PAGE_ONLY = {"gradio", "fastapi", "uvicorn", "aiortc", "aioice"}


def sources(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    """The full name of every module that the file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


def first(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("room", OWN)
def test_imports_go_one_way(room: str) -> None:
    for path in sources(room):
        foreign = {first(name) for name in imported(path)} & {*OWN, "tests", "setup"} - MAY_IMPORT[room]
        assert not foreign, f"{path.relative_to(ROOT)} imports {', '.join(foreign)}"


def test_compiled_code_stands_in_kernels_only() -> None:
    how = "realtime.compiled"  # the one place that says how kernels are compiled
    for path in sources(*OWN):
        if not path.stem.endswith("_kernels"):
            is_how = path == ROOT / "realtime" / "compiled.py"
            assert is_how or "numba" not in map(first, imported(path)), path.relative_to(ROOT)
            assert how not in imported(path), path.relative_to(ROOT)


def names_in(path: Path) -> set[str]:
    """Every attribute and every imported name of the file."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute) and not of_the_page(node)}
    return attributes | {a.name for node in nodes if isinstance(node, ast.ImportFrom) for a in node.names}


def of_the_page(node: ast.Attribute) -> bool:
    """`gr.Timer` is a clock in the browser."""
    return isinstance(node.value, ast.Name) and node.value.id == "gr"


def test_threads_are_built_in_the_pipeline_only() -> None:
    makers = {"Thread", "Timer", "ThreadPoolExecutor"}
    found = [path.name for path in sources(*OWN) if makers & names_in(path)]
    assert found == ["pipeline.py", "workers.py"]  # the latter: a worker process watches its parent


def test_the_live_path_needs_neither_torch_nor_the_tools_of_development() -> None:
    code = (
        "import sys, realtime.cam, realtime.replay; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not (NOT_LIVE | PAGE_ONLY) & set(done.stdout.split())


def test_the_page_needs_nothing_of_training() -> None:
    code = "import sys, realtime.web.server; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not (NOT_LIVE - {"pandas"}) & set(done.stdout.split())


def test_the_live_path_names_nothing_that_it_does_not_install() -> None:
    for path in sources("realtime"):
        assert not NOT_LIVE & set(map(first, imported(path))), path.relative_to(ROOT)
