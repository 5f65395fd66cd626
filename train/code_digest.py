"""What a kept file was made by: it is made again when the code that decides it changes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import train

ROOT = Path(next(iter(train.__path__))).parent


@cache
def code_digest(*patterns: str, root: Path = ROOT) -> str:
    """SHA-256, hexadecimal, of the files under the source tree that the patterns name.

    Raises: FileNotFoundError where a pattern names none: it was moved, and would go unwatched.
    """
    digest = hashlib.sha256()
    for pattern in patterns:
        paths = sorted(root.glob(pattern))
        if not paths:
            raise FileNotFoundError(f"no source file is named {pattern}")
        for path in paths:
            digest.update(path.read_bytes())
    return digest.hexdigest()
