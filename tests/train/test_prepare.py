"""A dataset made ready: real faces with known movements in CASME II's layout, prepared by the live chain."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.train.readers.conftest import write_xlsx
from train import prepare as command
from train.errors import DatasetError
from train.features import LIST_NAME, read_features
from train.known.film import KEY_FRAMES, Known, Sensor, film
from train.known.people import read_person
from train.prepare import main
from train.preparing import layout, task
from train.preparing.strip import PAD, Follower, _padded, spotted_apex, window_of
from train.preparing.task import PrepareConfig, PrepareTask, load_strip, prepare
from train.readers import reader

ONSET, APEX, OFFSET = KEY_FRAMES
HEADER = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units"]
CLIPS = (
    ("01", "EP01", APEX, "12", "happiness", Known((12,), 1, 2.0)),
    ("02", "EP02", "/", "1+2", "surprise", Known((1, 2), 2, 2.0)),
    ("02", "EP03", APEX, "4", "others", Known((4,), 0, 2.0)),
)


@pytest.fixture(scope="module")
def dataset(data_dir, tmp_path_factory):
    """Three clips that show something, and one without a face."""
    root = tmp_path_factory.mktemp("casme2")
    person = read_person(data_dir / "faces" / "stills" / "london_001_neutral.jpg")
    sensor = Sensor(1.0, np.random.default_rng(0))
    for subject, clip, _, _, _, known in CLIPS:
        folder = root / "Cropped" / f"sub{subject}" / clip
        folder.mkdir(parents=True)
        for number, bgr in enumerate(film(person, known, sensor)):
            cv2.imwrite(str(folder / f"reg_img{number}.png"), bgr)
    empty = root / "Cropped" / "sub03" / "EP04"
    empty.mkdir(parents=True)
    for number in range(30):
        cv2.imwrite(str(empty / f"reg_img{number}.png"), np.zeros((64, 64, 3), np.uint8))
    lines = [[s, c, None, ONSET, apex, OFFSET, None, au, word] for s, c, apex, au, word, _ in CLIPS]
    nobody = ["03", "EP04", None, ONSET, APEX, OFFSET, None, "4", "disgust"]
    gone = ["03", "EP05", None, ONSET, APEX, OFFSET, None, "4", "disgust"]
    header = [*HEADER, "Estimated Emotion"]
    write_xlsx(root / "CASME2-coding-20190701.xlsx", Sheet1=[header, *lines, nobody, gone])
    return root


@pytest.fixture(scope="module")
def prepared(dataset, tmp_path_factory):
    out = tmp_path_factory.mktemp("prepared")
    assert main(flags(dataset, out)) == 0
    return out


def flags(root, out, *extra):
    return ["--dataset", "casme2", "--root", str(root), "--out", str(out), "--jobs", "1", *extra]


def test_training_reads_what_was_prepared(prepared):
    data = read_features(prepared)
    assert data.subjects == ("casme2/sub01", "casme2/sub02") and data.clips == ("EP01", "EP02")
    assert data.labels.tolist() == [1, 2]
    brows, chin = data.maps_u8[1, :2, 5:9, 6:22, 1].mean(axis=(1, 2)), data.maps_u8[1, :2, 24:, 6:22, 1]
    assert brows[0] < chin[0].mean() - 50, "raised brows move up, which is negative v"
    assert brows[1] > chin[1].mean() + 50, "and down again"


def test_every_row_left_out_has_a_line(prepared):
    with (prepared / "refused.csv").open() as stream:
        refused = {row["name"]: row["reason"] for row in csv.DictReader(stream)}
    assert set(refused) == {"03 EP05", "sub03_EP04", "sub02_EP03"}
    assert "no face found in any of its" in refused["sub03_EP04"]
    assert "others is no class" in refused["sub02_EP03"] and "no folder" in refused["03 EP05"]


def test_the_manifest_names_and_hashes_everything(prepared):
    manifest = json.loads((prepared / "manifest.json").read_text())
    assert manifest["classes"] == ["negative", "positive", "surprise"] and len(manifest["refused"]) == 3
    samples = {sample["clip"]: sample for sample in manifest["samples"]}
    assert samples["EP01"]["apex_from"] == "annotated" and samples["EP02"]["apex_from"] == "spotted"
    assert abs(samples["EP02"]["apex_used"] - APEX) <= 2
    for clip, sample in samples.items():
        file = prepared / "samples" / f"{sample['subject']}_{clip}.npz"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == sample["sha256"]["file"]
        with np.load(file) as kept:
            assert hashlib.sha256(kept["maps_u8"].tobytes()).hexdigest() == sample["sha256"]["maps"]
            assert kept["chips_u8"].shape == (29, 128, 128) and kept["flow_px"].shape == (2, 128, 128, 2)
    digest = hashlib.sha256((prepared / "manifest.json").read_bytes()).hexdigest()
    assert (prepared / "manifest.json.sha256").read_text().startswith(digest)


def test_truth_for_spotting_counts_frames_from_the_first(prepared):
    with (prepared / "truth.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0].values()) == ["sub01_EP01", str(ONSET), str(OFFSET), "micro", "happiness"]


def test_a_stopped_run_goes_on_where_it_was(dataset, prepared, tmp_path, monkeypatch, capsys):
    begun = []

    def one_then_stop(work):
        if begun:
            (tmp_path / "samples" / "sub02_EP02.npz").write_bytes(b"half")
            raise KeyboardInterrupt
        begun.append(work.sample.key)
        return prepare(work)

    monkeypatch.setattr(command, "prepare", one_then_stop)
    assert main(flags(dataset, tmp_path)) == 130
    assert "the same command continues" in capsys.readouterr().err
    monkeypatch.setattr(command, "prepare", lambda work: begun.append(work.sample.key) or prepare(work))
    assert main(flags(dataset, tmp_path)) == 0
    assert sorted(begun) == ["sub01_EP01", "sub02_EP02", "sub02_EP03", "sub03_EP04"], "each once"
    for name in ("manifest.json", "refused.csv", LIST_NAME):
        assert (tmp_path / name).read_bytes() == (prepared / name).read_bytes(), name
    assert main(flags(dataset, tmp_path)) == 0
    assert len(begun) == 4, "nothing is done twice"


def test_other_settings_are_another_preparation(dataset, tmp_path):
    sample = reader("casme2").read(dataset, None).samples[0]
    work = PrepareTask(sample, tmp_path, PrepareConfig())
    other = replace(work, config=PrepareConfig(apex="middle"))
    assert work.fingerprint() != other.fingerprint()
    assert work.fingerprint() != replace(work, sample=replace(sample, apex=APEX + 1)).fingerprint()


def test_workers_give_the_same_bytes(dataset, prepared, tmp_path):
    assert main([*flags(dataset, tmp_path)[:-1], "2"]) == 0
    assert (tmp_path / "manifest.json").read_bytes() == (prepared / "manifest.json").read_bytes()


def test_check_reads_labels_only(dataset, tmp_path, capsys):
    assert main(flags(dataset, tmp_path / "none", "--check", "--rules", "megc")) == 0
    said = capsys.readouterr().out
    assert "row 6 (03 EP05): no folder" in said and "composite rules keep 3" in said
    assert not (tmp_path / "none").exists()


def test_joined_datasets_are_one_list(prepared, tmp_path, capsys):
    assert main(["--join", str(prepared), "--out", str(tmp_path)]) == 0
    np.testing.assert_array_equal(read_features(tmp_path).maps_u8, read_features(prepared).maps_u8)
    assert main(["--join", str(prepared), str(prepared), "--out", str(tmp_path)]) == 2
    assert "sub01_EP01 is in two of the datasets" in capsys.readouterr().err


def test_a_spotted_apex_is_near_the_true_one(prepared):
    strip, _ = load_strip(prepared / "samples" / "sub01_EP01.npz")
    found = spotted_apex(strip, strip.position(ONSET), strip.position(OFFSET))
    assert abs(int(strip.numbers[found]) - APEX) <= 2


def test_a_face_lost_between_key_frames_is_said(prepared):
    strip, keys = load_strip(prepared / "samples" / "sub01_EP01.npz")
    faces = strip.faces.copy()
    faces[keys[1] :] = 1
    with pytest.raises(DatasetError, match="lost between its key frames"):
        window_of(replace(strip, faces=faces), keys)
    with pytest.raises(DatasetError, match="no face found in frame 999"):
        strip.position(999)


def test_a_picture_cut_close_is_given_a_border(dataset):
    sample = reader("casme2").read(dataset, None).samples[0]
    (_, bgr) = next(sample.pictures.read(0, 0))
    assert _padded(bgr, PAD).shape[0] == bgr.shape[0] + 2 * round(PAD * bgr.shape[1])
    follower = Follower()
    strip = follower.follow("close", lambda: iter([(7, bgr[100:400, 200:440])]), 200.0)
    follower.close()
    assert strip.numbers.tolist() == [7]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--dataset", "nothing", "--root", "."], "--dataset is one of casme2"),
        (["--dataset", "samm"], "give --dataset and --root"),
        (["--dataset", "samm", "--root", ".", "--margin-s", "99"], "no label file like"),
        (["--join", "nowhere"], "nowhere is no prepared dataset"),
    ],
)
def test_errors_are_one_line(tmp_path, capsys, monkeypatch, extra, said):
    monkeypatch.chdir(tmp_path)
    assert main([*extra, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_dataset_without_anything_to_train_on_says_where_to_look(dataset, tmp_path):
    found = reader("casme2").read(dataset, None)
    with pytest.raises(DatasetError, match=r"refused\.csv says why"):
        layout.write_layout(tmp_path, replace(found, samples=()), [], [], 3)
    assert task.described(found.samples[0])["notes"] == []
