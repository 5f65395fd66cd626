"""Samples from a dataset in CASME II's layout, made on the synth and prepared by the live chain."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.readers.conftest import write_xlsx
from train.errors import DatasetError
from train.known.film import KEY_FRAMES, Known, Sensor, film
from train.known.people import read_person
from train.mol.data import Samples, by_people, prepared_samples
from train.mol.landmarks import pupil_distance
from train.prepare import main

ONSET, APEX, OFFSET = KEY_FRAMES
HEADER = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units"]


@pytest.fixture(scope="module")
def samples(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """One surprised face: its brows go up and come back."""
    root, out = tmp_path_factory.mktemp("casme2"), tmp_path_factory.mktemp("prepared")
    person = read_person(data_dir / "faces" / "stills" / "london_001_neutral.jpg")
    folder = root / "Cropped" / "sub02" / "EP02"
    folder.mkdir(parents=True)
    for number, bgr in enumerate(film(person, Known((1, 2), 2, 2.0), Sensor(1.0, np.random.default_rng(0)))):
        cv2.imwrite(str(folder / f"reg_img{number}.png"), bgr)
    row = ["02", "EP02", None, ONSET, APEX, OFFSET, None, "1+2", "surprise"]
    write_xlsx(root / "CASME2-coding-20190701.xlsx", Sheet1=[[*HEADER, "Estimated Emotion"], row])
    flags = ["--dataset", "casme2", "--root", str(root), "--out", str(out), "--jobs", "1", "--margin-s", "0"]
    assert main(flags) == 0
    return prepared_samples(out)


def test_a_prepared_folder_gives_all_three_truths(samples: Samples) -> None:
    assert samples.labels.tolist() == [2] and samples.people.tolist() == ["sub02"]
    assert samples.frames_u8.shape == (1, 8, 128, 128)
    assert samples.flow_px.shape == (1, 7, 2, 128, 128)
    assert np.isnan(samples.amplitudes_px).all()


def test_the_flow_target_goes_up_and_down_again(samples: Samples) -> None:
    brows = samples.flow_px[0, :, 1, 22:44, 24:104].astype(np.float32).mean(axis=(1, 2))
    assert brows[:3].sum() < -0.1 and brows[4:].sum() > 0.1


def test_landmarks_are_found_on_the_chips(samples: Samples) -> None:
    points = samples.landmarks_px[0]
    assert np.isfinite(points).all()
    assert np.abs(pupil_distance(points) - 60.8).max() < 4
    assert np.abs(points[:, 36:48, 1].mean() - 47.5) < 4  # the eyes lie on the chip's eye line


def test_one_person_cannot_be_dealt_into_three_parts(samples: Samples) -> None:
    with pytest.raises(DatasetError, match="1 people"):
        by_people(samples)
