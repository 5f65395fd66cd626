"""Built engines in a folder of their own, each with a manifest that says what it was built from.

An engine is code that will run: the folder belongs to the user alone (mode 0700), and a file is handed to a
backend only after its manifest fits and its SHA-256 is right. Reading needs neither torch nor onnx.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from engine.card import ModelCard, sha256
from engine.errors import EngineMismatch

FORMAT = 1  # of the manifest and of what the builder does; older engines are built again
BATCHES = (1, 4)  # one sample, and the symmetric views of one
CPU = "cpu"  # in place of a compute capability


@dataclass(frozen=True, slots=True)
class Target:
    """What an engine is built for."""

    backend: str  # "tensorrt", "onnxruntime", "openvino"
    version: str  # of the backend
    precision: str  # "fp32", "fp16", "int8"
    compute_capability: str = CPU  # "8.9", or "cpu"


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One static batch size."""

    file: str
    sha256: str
    onnx_sha256: str  # of the typed graph it was built from


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything an engine depends on, and what was measured when it was built."""

    model: str
    weights_sha256: str
    onnx_sha256: str  # of the graph shipped with the weights
    ranges_sha256: str  # of the activation ranges, "" without int8
    backend: str
    backend_version: str
    compute_capability: str
    precision: str
    files: Mapping[str, BuiltFile] = field(default_factory=dict)  # by batch size
    parity: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[str, ...] = ()  # layers left in higher precision
    built_utc: str = ""
    build_s: float = 0.0
    format: int = FORMAT


# What must be as it was, in the order in which a difference explains itself best.
FITS = (
    "format",
    "model",
    "backend",
    "precision",
    "compute_capability",
    "backend_version",
    "weights_sha256",
    "onnx_sha256",
    "ranges_sha256",
)


@dataclass(frozen=True, slots=True)
class Engine:
    """A built engine whose manifest fits; its files are checked as they are read."""

    folder: Path
    manifest: Manifest

    @property
    def batches(self) -> tuple[int, ...]:
        return tuple(sorted(map(int, self.manifest.files)))

    def path(self, batch: int) -> Path:
        return self.folder / self.manifest.files[str(batch)].file

    def read(self, batch: int) -> bytes:
        """Raises: EngineMismatch naming the field if the file is missing or not the one that was built."""
        entry, path = self.manifest.files[str(batch)], self.path(batch)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise EngineMismatch(f"engine {path}: {error.strerror}; {_again(self.manifest)}") from error
        if sha256(content) != entry.sha256:
            raise EngineMismatch(
                f"engine {path}: files.{batch}.sha256 differs, the file was changed or damaged; "
                f"{_again(self.manifest)}"
            )
        return content


def wanted(card: ModelCard, target: Target, ranges_sha256: str = "") -> Manifest:
    """The manifest that an engine of this model for this target has to show."""
    return Manifest(
        model=card.name,
        weights_sha256=card.weights.sha256,
        onnx_sha256=card.onnx.sha256,
        ranges_sha256=ranges_sha256,
        backend=target.backend,
        backend_version=target.version,
        compute_capability=target.compute_capability,
        precision=target.precision,
    )


def differences(found: Manifest, want: Manifest) -> list[str]:
    """One line per field that no longer fits: name, what was built, what is here."""
    pairs = ((name, getattr(found, name), getattr(want, name)) for name in FITS)
    return [
        f"{name} {_short(was)} was built, {_short(now)} is here" for name, was, now in pairs if was != now
    ]


def cache_root(root: Path | None = None) -> Path:
    """The cache folder, made with mode 0700: `root`, $FLINCH_CACHE, or flinch in the user's cache folder.

    Raises: EngineMismatch if it exists and others may write there.
    """
    if root is None:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        root = Path(os.environ.get("FLINCH_CACHE") or Path(base) / "flinch" / "engines")
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = root.stat()
    except OSError as error:
        raise EngineMismatch(
            f"engine cache {root}: {error.strerror}; set FLINCH_CACHE to a folder"
        ) from error
    if found.st_mode & 0o077 or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise EngineMismatch(f"engine cache {root} is open to others; chmod 700 it, or set FLINCH_CACHE")
    return root


def folder_of(root: Path, want: Manifest) -> Path:
    """One folder per model, backend, precision and machine; a newer build replaces an older one."""
    place = want.compute_capability.replace(".", "")
    return root / f"{want.model}-{want.backend}-{want.precision}-{place}"


def find(root: Path, want: Manifest) -> Engine:
    """The engine that fits.

    Raises: EngineMismatch naming the first field that does not, or saying that nothing was built.
    """
    folder = folder_of(root, want)
    found = read_manifest(folder)
    if found is None:
        raise EngineMismatch(f"no {want.precision} engine of {want.model} for {want.backend}; {_again(want)}")
    lines = differences(found, want)
    if lines:
        raise EngineMismatch(f"engine {folder}: {lines[0]}; {_again(want)}")
    return Engine(folder, found)


def read_manifest(folder: Path) -> Manifest | None:
    """None if there is none, or it is damaged: both mean building again."""
    try:
        table = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        files = {batch: BuiltFile(**entry) for batch, entry in table.pop("files").items()}
        kept = tuple(table.pop("kept"))
        unknown = set(table) - {each.name for each in fields(Manifest)}
        return None if unknown else Manifest(files=files, kept=kept, **table)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """The engine's files, each whole or not at all, and nothing else: `write_manifest` makes them count."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in contents:
            old.unlink()
    for name, content in contents.items():
        _write(folder / name, content)


def write_manifest(folder: Path, manifest: Manifest) -> Engine:
    _write(folder / "manifest.json", (json.dumps(asdict(manifest), indent=2) + "\n").encode())
    return Engine(folder, manifest)


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _again(want: Manifest) -> str:
    flags = f"--backend {want.backend} --precision {want.precision} --weights {want.model}"
    return f"run python -m engine.build {flags}"


def _short(value: object) -> str:
    text = str(value) or "none"
    return f"{text[:12]}..." if len(text) == 64 else text
