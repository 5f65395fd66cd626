"""The published features as they lie on disk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from realtime.maps import direction_map
from train.errors import DatasetError
from train.features import FOLDER_NAME, LIST_NAME, MANIFEST_NAME, read_features


@pytest.fixture(scope="module")
def real(data_dir):
    return read_features(data_dir / "causalnet-cde")


def test_counts_of_the_composite_set(real):
    assert real.maps_u8.shape == (442, 4, 28, 28, 3) and real.maps_u8.dtype == np.uint8
    assert {name: real.datasets.count(name) for name in ("smic", "casme2", "samm")} == {
        "smic": 164,
        "casme2": 145,
        "samm": 133,
    }
    assert np.bincount(real.labels).tolist() == [250, 109, 83]
    assert len(set(real.subjects)) == 68


def test_directions_prove_which_file_is_which_map(real):
    for flow, direction in ((0, 2), (1, 3)):
        computed = direction_map(real.maps_u8[:, flow]).astype(int)
        assert np.abs(computed - real.maps_u8[:, direction]).max() <= 1
        assert np.abs(computed - real.maps_u8[:, 5 - direction]).mean() > 20, "the other phase's must not fit"


def test_reads_back_what_was_written(published, small):
    data = read_features(published)
    np.testing.assert_array_equal(data.maps_u8, small.maps_u8)
    np.testing.assert_array_equal(data.labels, small.labels)
    assert (data.datasets, data.subjects, data.clips) == (small.datasets, small.subjects, small.clips)


def test_take_keeps_rows_together(small):
    part = small.take([5, 2])
    assert part.clips == ("clip5", "clip2")
    np.testing.assert_array_equal(part.maps_u8, small.maps_u8[[5, 2]])
    assert len(part) == 2


def test_the_digest_sees_maps_labels_and_names(small):
    maps, labels = small.maps_u8.copy(), small.labels.copy()
    maps[0, 0, 0, 0, 0] += 1
    labels[0] = (labels[0] + 1) % 3
    changed = [{"maps_u8": maps}, {"labels": labels}, {"subjects": small.subjects[::-1]}]
    digests = {small.digest, *(replace(small, **one).digest for one in changed)}
    assert len(digests) == 4 and replace(small).digest in digests


@pytest.mark.parametrize("label", ["happy", "", "3", "-1"])
def test_a_label_that_is_none_is_named_with_its_line(published, label):
    table = published / LIST_NAME
    header, first, *others = table.read_text().splitlines()
    at = header.split(",").index("label")
    cells = first.split(",")
    cells[at] = label
    table.write_text("\n".join([header, ",".join(cells), *others]) + "\n")
    with pytest.raises(DatasetError, match=f"line 2: label '{label}' is none of 0, 1, 2"):
        read_features(published)


def test_bytes_that_are_no_text_are_said_plainly(published):
    (published / LIST_NAME).write_bytes(b"dataset,sub,filename_o,label\n\xff\xfe")
    with pytest.raises(DatasetError, match="is no table"):
        read_features(published)


@pytest.mark.parametrize(("manifest", "says"), [('{"task": 5}', "prepared for 5 classes"), ("{", "damaged")])
def test_other_classes_are_not_taken_for_ours(published, manifest, says):
    (published / MANIFEST_NAME).write_text(manifest)
    with pytest.raises(DatasetError, match=says):
        read_features(published)
    (published / MANIFEST_NAME).write_text('{"task": 3}')
    assert len(read_features(published))


def test_a_missing_map_is_named(published):
    victim = next((published / FOLDER_NAME).glob("*_2 .png"))
    victim.unlink()
    with pytest.raises(DatasetError, match=victim.name):
        read_features(published)


def test_a_wrong_folder_is_said_plainly(tmp_path):
    with pytest.raises(DatasetError, match="give the causalnet-cde folder"):
        read_features(tmp_path)
    (tmp_path / LIST_NAME).write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match="not the published sample list"):
        read_features(tmp_path)
