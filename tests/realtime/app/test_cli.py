"""Flags become settings, errors become one line and a code, signals become a flag."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

import pytest

from engine.card import DEFAULT_MODEL
from realtime.app.cli import (
    DONE,
    INTERRUPTED,
    USER_ERROR,
    Interruption,
    Parser,
    add_shared_flags,
    flags_of,
    layers_of,
    run_main,
)
from realtime.errors import CalibrationError, ConfigError
from realtime.overlay.layers import DEFAULT_LAYERS
from realtime.profile.profile import save_profile
from tests.realtime.profile.made import make_profile


def parsed(*arguments: str) -> argparse.Namespace:
    parser = Parser(prog="test")
    add_shared_flags(parser)
    return parser.parse_args(arguments)


# Flags


def test_named_flags_stand_over_set_over_the_profile(tmp_path: Path) -> None:
    profile = tmp_path / "desk.json"
    save_profile(profile, make_profile("desk"))
    args = parsed(
        "--profile", str(profile), "--set", "profile.name=mine", "--set", "face.faces=3", "--faces", "4"
    )
    table = flags_of(args)
    assert table["face"] == {"faces": 4}
    assert table["profile"] == {"name": "mine", "width": 640, "height": 480, "fps": 30.0}
    assert table["spotting"]["rest"]["person_px"] == list(make_profile("desk").neutral.noise_px)


def test_the_backend_is_a_setting_of_recognition() -> None:
    assert flags_of(parsed("--backend", "openvino")) == {"recognition": {"backend": "openvino"}}
    assert flags_of(parsed("--require", "tensorrt")) == {"recognition": {"require": "tensorrt"}}


def test_the_recogniser_is_a_shipped_model() -> None:
    assert flags_of(parsed("--recogniser", "mol")) == {"recognition": {"model": "mol-compact"}}
    assert flags_of(parsed("--recogniser", "causalnet")) == {"recognition": {"model": DEFAULT_MODEL}}


def test_no_flag_is_no_setting() -> None:
    assert flags_of(parsed()) == {}


@pytest.mark.parametrize(
    "content, message", [("{", "not valid JSON"), ("[1]", "is no Flinch profile"), (None, "No such file")]
)
def test_a_bad_profile_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    profile = tmp_path / "profile.json"
    if content is not None:
        profile.write_text(content)
    with pytest.raises(CalibrationError, match=f"profile.json.*{message}"):
        flags_of(parsed("--profile", str(profile)))


def test_layers_are_named_or_none() -> None:
    assert layers_of(parsed()) == DEFAULT_LAYERS
    assert layers_of(parsed("--layers", "strip,hud")) == {"strip", "hud"}
    assert layers_of(parsed("--layers", "none")) == set()
    with pytest.raises(ConfigError, match="no overlay layer 'stripe'; there are .*strip"):
        layers_of(parsed("--layers", "stripe"))


@pytest.mark.parametrize("arguments", [["--fcaes", "2"], ["--faces", "two"], ["extra"]])
def test_a_wrong_flag_is_one_line_and_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*arguments)
    error = capsys.readouterr().err
    assert ended.value.code == USER_ERROR
    assert error.count("\n") == 1 and error.startswith("flinch: ") and "--help" in error


# Exit codes


def test_a_users_error_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    def main(arguments: object) -> int:
        raise ConfigError("unknown key 'x'")

    assert run_main(main, []) == USER_ERROR
    assert capsys.readouterr().err == "flinch: unknown key 'x'\n"


def test_a_fault_keeps_its_traceback() -> None:
    def main(arguments: object) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_main(main, [])


def test_an_interruption_is_code_130() -> None:
    def main(arguments: object) -> int:
        raise KeyboardInterrupt

    assert run_main(main, []) == INTERRUPTED
    assert run_main(lambda arguments: DONE, []) == DONE


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_remembered_and_the_handler_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interruption() as interruption:
        assert not interruption.came
        os.kill(os.getpid(), number)
        assert interruption.came
    assert signal.getsignal(number) is before


def test_a_second_sigint_is_not_held_back() -> None:
    with Interruption():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
