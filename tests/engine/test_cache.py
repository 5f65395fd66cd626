"""The cache: private, atomic, and nothing comes out of it that no longer fits."""

from __future__ import annotations

import dataclasses
import stat

import pytest

from engine.cache import (
    BuiltFile,
    Target,
    cache_root,
    differences,
    find,
    folder_of,
    read_manifest,
    wanted,
    write_files,
    write_manifest,
)
from engine.card import sha256
from engine.errors import EngineMismatch
from engine.runners.fake import FAKE_CARD

_WEIGHTS, _ONNX = (
    dataclasses.replace(each, sha256=name) for each, name in ((FAKE_CARD.weights, "w"), (FAKE_CARD.onnx, "o"))
)
CARD = dataclasses.replace(FAKE_CARD, weights=_WEIGHTS, onnx=_ONNX)
WANT = wanted(CARD, Target("tensorrt", "tensorrt 11", "fp16", "8.9"), "r")
CONTENT = b"an engine"


@pytest.fixture
def root(tmp_path):
    return cache_root(tmp_path / "engines")


@pytest.fixture
def built(root):
    files = {"1": BuiltFile("batch1.engine", sha256(CONTENT), "g")}
    manifest = dataclasses.replace(WANT, files=files, kept=("a",), parity={"real": {"agreement": 1.0}})
    write_files(folder_of(root, WANT), {"batch1.engine": CONTENT})
    return write_manifest(folder_of(root, WANT), manifest)


def test_folders_belong_to_the_user_alone(root, built):
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE(built.folder.stat().st_mode) == 0o700


def test_a_folder_open_to_others_is_refused(tmp_path):
    tmp_path.chmod(0o755)
    with pytest.raises(EngineMismatch, match="chmod 700"):
        cache_root(tmp_path)


def test_what_was_written_is_found_again(root, built):
    found = find(root, WANT)
    assert found.manifest == built.manifest and found.batches == (1,)
    assert found.read(1) == CONTENT


@pytest.mark.parametrize("place", [0, 4, 8])
def test_a_flipped_bit_is_refused_before_anything_reads_it(root, built, place):
    damaged = bytearray(CONTENT)
    damaged[place] ^= 1
    built.path(1).write_bytes(damaged)
    with pytest.raises(EngineMismatch, match=r"files\.1\.sha256") as caught:
        find(root, WANT).read(1)
    assert "\n" not in str(caught.value) and "engine.build" in str(caught.value)


@pytest.mark.parametrize(
    "field", ["weights_sha256", "onnx_sha256", "ranges_sha256", "backend_version", "format"]
)
def test_a_mismatch_names_the_field(root, built, field):
    changed = dataclasses.replace(WANT, **{field: 7 if field == "format" else "other"})
    assert [line.split()[0] for line in differences(built.manifest, changed)] == [field]
    with pytest.raises(EngineMismatch, match=field):
        find(root, changed)


def test_another_gpus_engine_copied_over_is_refused(root, built):
    other = dataclasses.replace(WANT, compute_capability="12.0")
    built.folder.rename(folder_of(root, other))
    with pytest.raises(EngineMismatch, match="compute_capability 8.9 was built, 12.0 is here"):
        find(root, other)


def test_nothing_built_says_what_to_run(root):
    with pytest.raises(
        EngineMismatch, match="run python -m engine.build --backend tensorrt --precision fp16"
    ):
        find(root, WANT)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": {}, "kept": [], "surprise": 1}'])
def test_a_damaged_manifest_is_no_manifest(root, built, text):
    (built.folder / "manifest.json").write_text(text)
    assert read_manifest(built.folder) is None


def test_a_file_that_is_gone_is_one_clear_line(built):
    built.path(1).unlink()
    with pytest.raises(EngineMismatch, match="No such file"):
        built.read(1)


def test_files_of_an_older_build_are_removed_and_new_ones_do_not_count_yet(root, built):
    write_files(built.folder, {"batch4.engine": b"x"})
    assert [path.name for path in built.folder.iterdir()] == ["batch4.engine"]
    with pytest.raises(EngineMismatch, match="no fp16 engine"):
        find(root, WANT)
