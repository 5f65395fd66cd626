"""The steps of a calibration, driven by a session that is made up and a clock that is moved."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.config import Config
from realtime.errors import CalibrationError
from realtime.ring import Record
from realtime.spotting.regions import REGIONS
from realtime.types import Analysis, SpotSignal
from realtime.web.calibration import LIVE_S, PAUSE_S, Calibrations, CalibrationSink, Step
from realtime.web.page.calibrate_board import board_html
from realtime.web.profiles import NAME_LENGTH, checked_name, numbered
from realtime.web.state import WebState, make_data_folder
from tests.fakes import ManualClock, make_chip, make_frame

VISITOR, OTHER = "v" * 43, "w" * 43


class Session:
    """A live session whose frames the test hands out."""

    def __init__(self) -> None:
        self.ended = False
        self.sinks: list[CalibrationSink] = []
        self._index = 0

    def attach(self, sink):
        self.sinks.append(sink)

    def detach(self, sink):
        self.sinks.remove(sink)

    def play(self, seconds: float, *, faces: int = 1, size: tuple[int, int] = (48, 64)) -> None:
        for _ in range(round(seconds * 30)):
            self._index += 1
            for sink in list(self.sinks):
                sink.write(Record(analysis(self._index, faces, size), picture=True))


def analysis(index: int, faces: int, size: tuple[int, int]) -> Analysis:
    lengths = np.abs(np.random.default_rng(index).normal(0, 0.05, len(REGIONS))).astype(np.float32)
    chips = tuple(make_chip(index, face=face) for face in range(faces))
    signals = tuple(SpotSignal("fake", index, c.t_ns, c.face, 1.0, 6.0, 1.0, True, lengths) for c in chips)
    return Analysis(make_frame(index, size=size, level=100 + index % 2), chips, signals, (), ())


class Room:
    """Calibrations over one session that may be there."""

    def __init__(self, tmp_path) -> None:
        self.state = WebState(Config(), make_data_folder(tmp_path / "data"), desk=None)
        self.clock = ManualClock(1)
        self.session: Session | None = Session()
        self.all = Calibrations(self.state, lambda visitor: self.session, self.clock)

    def step(self, visitor: str = VISITOR) -> Step:
        return self.all.look(visitor).step

    def until_neutral(self, visitor: str = VISITOR) -> None:
        self.all.begin(visitor, "desk")
        self.step(visitor)
        self.session.play(10.2)
        self.step(visitor), self.step(visitor)
        self.clock.advance(PAUSE_S)
        assert self.step(visitor) is Step.NEUTRAL

    def until_done(self, visitor: str = VISITOR) -> None:
        self.until_neutral(visitor)
        self.session.play(11.1)
        assert self.step(visitor) is Step.DONE

    def board(self, visitor: str = VISITOR) -> str:
        return board_html(self.all.of(visitor), 0.0, self.all.profiles.used(visitor))


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


def test_all_the_way_to_a_profile_in_use(room):
    found = room.all.begin(VISITOR, "desk")
    assert room.step() is Step.WAITING
    room.session.play(0.1)
    assert room.step() is Step.CAMERA and 9.8 < found.left_s(room.clock) < 10
    room.session.play(10.1)
    assert room.step() is Step.PAUSE and found.camera.fps == pytest.approx(30)
    assert found.left_s(room.clock) == PAUSE_S and room.session.sinks == []
    room.clock.advance(PAUSE_S)
    assert room.step() is Step.NEUTRAL
    room.session.play(11.1)
    assert room.step() is Step.DONE and room.session.sinks == []
    assert room.all.profiles.names() == ["desk"] and room.all.profiles.used(VISITOR) == "desk"
    rest = room.state.config_of(VISITOR).spotting.rest
    assert rest.person_px == found.profile.neutral.noise_px
    assert room.state.config_of("w" * 43) is room.state.config  # nobody else's


def test_nobody_at_rest_is_told_and_nothing_is_saved(room):
    room.until_neutral()
    room.session.play(11.1, faces=0)
    found = room.all.look(VISITOR)
    assert found.step is Step.FAILED and "no face" in found.words
    assert room.all.profiles.names() == [] and room.session.sinks == []
    assert found.camera is not None  # what was measured of the camera stays on the page


def test_without_a_picture_it_gives_up(room):
    room.session = None
    found = room.all.begin(VISITOR, "desk")
    room.clock.advance(LIVE_S - 1)
    assert room.step() is Step.WAITING
    room.clock.advance(2)
    assert room.step() is Step.FAILED and "no live picture" in found.words


@pytest.mark.parametrize("how", ["ended", "gone", "another"])
def test_a_picture_that_ends_is_told(room, how):
    room.until_neutral()
    if how == "ended":
        room.session.ended = True
    else:
        room.session = None if how == "gone" else Session()
    assert room.step() is Step.FAILED
    assert "the live picture ended" in room.all.of(VISITOR).words


def test_a_picture_that_changes_its_size_is_measured_from_there(room):
    room.all.begin(VISITOR, "desk")
    room.step()
    room.session.play(3.0)
    room.session.play(9.0, size=(60, 80))
    assert room.step() is Step.CAMERA  # three seconds of the small picture do not count
    room.session.play(2.0, size=(60, 80))
    assert room.step() is Step.PAUSE and room.all.of(VISITOR).camera.width == 80


def test_stopping_forgets_and_beginning_again_starts_over(room):
    room.until_neutral()
    room.all.stop(VISITOR)
    assert room.all.look(VISITOR) is None and room.session.sinks == []
    room.until_neutral()
    room.all.begin(VISITOR, "desk")
    assert room.step() is Step.WAITING


def test_profiles_are_chosen_and_deleted(room):
    room.until_done()
    profiles = room.all.profiles
    assert "Profile “desk” is saved and in use." in room.board()
    profiles.use(VISITOR, None)
    assert profiles.used(VISITOR) == ""
    assert "Profile “desk” is saved, not in use." in room.board()
    for visitor in (VISITOR, OTHER):
        profiles.use(visitor, profiles.load("desk"))
    assert profiles.used(OTHER) == "desk"
    room.all.delete("desk")
    assert (profiles.used(VISITOR), profiles.used(OTHER), profiles.names()) == ("", "", [])
    assert room.all.of(VISITOR) is None and "Ready when you are" in room.board()
    with pytest.raises(CalibrationError, match="No such file"):
        profiles.load("desk")


def test_deleting_one_profile_leaves_what_was_measured_of_another(room):
    room.until_done()
    room.until_done(OTHER)
    room.all.delete("desk 2")
    assert room.step() is Step.DONE and room.all.profiles.used(VISITOR) == "desk"


def test_another_visitors_profile_of_that_name_stays(room):
    room.until_done()
    first = room.all.profiles.load("desk")
    room.until_done(OTHER)
    assert room.all.profiles.names() == ["desk", "desk 2"] and room.all.profiles.load("desk") == first
    assert (room.all.profiles.used(VISITOR), room.all.profiles.used(OTHER)) == ("desk", "desk 2")
    assert "Profile “desk 2” is saved and in use." in room.board(OTHER)


def test_two_who_measure_at_once_do_not_end_in_one_file(room):
    assert room.all.begin(VISITOR, "desk").name == "desk"
    assert room.all.begin(OTHER, "desk").name == "desk 2"
    assert "This becomes the profile “desk 2”." in room.board(OTHER)


def test_measuring_ones_own_anew_keeps_the_name(room):
    room.until_done()
    room.until_done()
    assert room.all.profiles.names() == ["desk"]


def test_a_numbered_name_can_be_loaded_again():
    long = "a" * NAME_LENGTH
    assert numbered("desk", {"desk", "desk 2"}) == "desk 3"
    assert numbered(long, {long}) == checked_name(numbered(long, {long})) == "a" * (NAME_LENGTH - 2) + " 2"


@pytest.mark.parametrize(
    "name, cleaned",
    [("my desk", "my desk"), ("../../etc/x", "etcx"), ("a" * 99, "a" * 40), ("Zoë 2.", "Zoë 2")],
)
def test_names_are_safe_file_names(name, cleaned):
    assert checked_name(name) == cleaned


@pytest.mark.parametrize("name", ["", " . ", "///", "\x00"])
def test_a_name_is_needed(room, name):
    with pytest.raises(CalibrationError, match="give the profile a name"):
        room.all.begin(VISITOR, name)
