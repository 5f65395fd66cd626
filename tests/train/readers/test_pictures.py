"""Frames by number, folders by any spelling."""

from __future__ import annotations

import pytest

from tests.train.readers.conftest import write_frames
from train.errors import DatasetError
from train.readers.pictures import find_folder, forget_folders, image_folder, same_name


@pytest.fixture(autouse=True)
def fresh():
    forget_folders()


@pytest.mark.parametrize(
    "name", ["img{}.jpg", "reg_img{}.bmp", "006_1_{:04d}.jpg", "006_{:05d}.png", "{}.jpg", "image{:06d}.jpg"]
)
def test_the_last_number_of_a_name_is_the_frame(tmp_path, name):
    folder = image_folder(write_frames(tmp_path / "s", [100, 9, 10], name))
    assert folder.numbers == (9, 10, 100)
    read = [(number, int(bgr[0, 0, 0])) for number, bgr in folder.read(9, 99)]
    assert [number for number, _ in read] == [9, 10]
    assert all(abs(number - gray) <= 1 for number, gray in read)


def test_two_files_of_one_number_are_said(tmp_path):
    write_frames(tmp_path, [3], "img{}.png")
    write_frames(tmp_path, [3], "reg_img{}.png")
    with pytest.raises(DatasetError, match=r"img3\.png and reg_img3\.png are both frame 3"):
        image_folder(tmp_path)


def test_other_files_are_no_frames(tmp_path):
    (tmp_path / "Thumbs1.db").touch()
    (tmp_path / ".img7.jpg").touch()
    with pytest.raises(DatasetError, match="holds no numbered pictures"):
        image_folder(tmp_path)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "img1.jpg").write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=r"img1\.jpg is no picture"):
        list(image_folder(tmp_path).read(1, 1))


@pytest.mark.parametrize("spelled", ["s3", "s03", "S03", "s003"])
def test_case_and_leading_zeros_do_not_count(tmp_path, spelled):
    (tmp_path / "HS" / spelled).mkdir(parents=True)
    assert find_folder(tmp_path, ("{part}/{s}",), part="hs", s="s03").name == spelled


def test_zeros_that_count_stay():
    assert same_name("S100_00A") == "s100_0a" and same_name("0101anger") == same_name("101anger")


def test_the_first_template_that_is_there_wins(tmp_path):
    for name in ("Cropped/a", "raw/a"):
        (tmp_path / name).mkdir(parents=True)
    assert find_folder(tmp_path, ("none/{c}", "raw/{c}", "Cropped/{c}"), c="a").parent.name == "raw"
    with pytest.raises(DatasetError, match="no folder none/b or raw/b under"):
        find_folder(tmp_path, ("none/{c}", "raw/{c}"), c="b")


def test_a_name_that_fits_two_folders_is_refused_unless_one_is_exact(tmp_path):
    for name in ("s3", "s003"):
        (tmp_path / name).mkdir()
    with pytest.raises(DatasetError, match="could all be s03"):
        find_folder(tmp_path, ("{s}",), s="s03")
    assert find_folder(tmp_path, ("{s}",), s="s3").name == "s3"


def test_a_star_stands_for_the_rest_of_a_name(tmp_path):
    (tmp_path / "s15" / "15_0401girlcrashing").mkdir(parents=True)
    assert find_folder(tmp_path, ("{s}/{v}*",), s="s15", v="15_0401").name == "15_0401girlcrashing"
