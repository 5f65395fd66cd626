"""A digest of source files: of every one of them, and of none that has gone."""

from __future__ import annotations

import pytest

from train.code_digest import code_digest
from train.known.conditions import RENDERERS
from train.preparing.task import CODE


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "flow").mkdir()
    for name in ("flow/a.py", "flow/b.py", "maps.py", "other.py"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(("changed", "same"), [("flow/b.py", False), ("maps.py", False), ("other.py", True)])
def test_changes_with_each_file_that_is_named(tree, changed, same):
    before = code_digest("flow/*.py", "maps.py", root=tree)
    code_digest.cache_clear()
    (tree / changed).write_text("changed")
    assert (code_digest("flow/*.py", "maps.py", root=tree) == before) is same


def test_a_pattern_without_a_file_is_refused(tree):
    with pytest.raises(FileNotFoundError, match=r"rigid\*.py"):
        code_digest("flow/*.py", "rigid*.py", root=tree)


def test_what_is_watched_is_there():
    assert code_digest(*CODE) != code_digest(*RENDERERS)
    assert "realtime/flow/*.py" in CODE
