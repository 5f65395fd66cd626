"""The flags of the page's server: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.app.cli import DONE, USER_ERROR, run_main
from realtime.errors import ConfigError
from realtime.web import __main__ as web
from realtime.web.guards import LOOPBACK
from realtime.web.state import OVER_THE_PICTURE, make_data_folder


def guard(*flags: str) -> web.GuardConfig:
    return web.guard_of(web.parser().parse_args(flags))


def test_by_itself_only_this_machine_is_answered() -> None:
    config = guard()
    assert config.hosts == LOOPBACK and config.login is None and not config.https
    assert config.limit("/rtc/offer") < config.limit("/anything") < config.limit("/gradio_api/upload")


def test_other_machines_need_a_password() -> None:
    with pytest.raises(ConfigError, match="needs --auth"):
        guard("--host", "0.0.0.0")
    config = guard("--host", "0.0.0.0", "--auth", "eva:long enough")
    assert config.hosts is None and config.login == ("eva", "long enough")


def test_the_password_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("eva:with:colons\n", encoding="utf-8")
    assert web.login_of(str(file)) == ("eva", "with:colons")


@pytest.mark.parametrize("text", ["eva", ":password", "eva:short", ""])
def test_a_login_without_user_or_with_a_short_password_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="USER:PASSWORD"):
        web.login_of(text)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--ssl-cert", "nowhere.pem"], "go together"),
        (["--ssl-cert", "nowhere.pem", "--ssl-key", "nowhere.key"], "no such file"),
        (["--host", "192.0.2.1"], "needs --auth"),
        (["--max-sessions", "0"], "max-sessions"),
        (["--clips", "nowhere"], "no such folder"),
        (["--source", "nowhere.mp4"], "nowhere.mp4: no such file"),
        (["--set", "nothing.here=1"], "unknown key"),
        (["--layers", "nonsense"], "no overlay layer 'nonsense'"),
        (["--layers", "nonsense", "--print-config"], "no overlay layer 'nonsense'"),
    ],
)
def test_wrong_flags_are_one_line(
    flags: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(web.main, ["--data", str(tmp_path), *flags]) == USER_ERROR
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "layers"),
    [([], OVER_THE_PICTURE), (["--layers", "hud,strip"], {"hud", "strip"}), (["--layers", "none"], set())],
)
def test_layers_are_those_of_the_live_picture(flags: list[str], layers: set[str], tmp_path: Path) -> None:
    assert web.state_of(web.parser().parse_args(["--data", str(tmp_path), *flags])).layers == layers


def test_an_address_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with web.bound("127.0.0.1", 0) as taken, pytest.raises(ConfigError, match="--port"):
        web.bound("127.0.0.1", taken.getsockname()[1])


def test_a_certificate_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file.pem").write_text("no certificate", encoding="utf-8")
    file = str(tmp_path / "file.pem")
    args = web.parser().parse_args(["--ssl-cert", file, "--ssl-key", file, "--port", "0"])
    with pytest.raises(ConfigError, match="--ssl-cert"):
        web.serve(None, args)


def test_settings_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(web.main, ["--print-config"]) == DONE
    assert "[spotting]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], ["http://127.0.0.1:80/"]),
        (["--host", "::1"], ["http://[::1]:80/"]),
        (["--host", "192.0.2.1"], ["http://192.0.2.1:80/", "--ssl-cert"]),
        (["--host", "192.0.2.1", "--ssl-cert", "a", "--ssl-key", "b"], ["https://192.0.2.1:80/"]),
    ],
)
def test_the_greeting_says_where_and_what_browsers_need(flags: list[str], said: list[str]) -> None:
    greeting = web.greeting(web.parser().parse_args(flags), 80)
    assert all(words in greeting for words in said)
    assert ("https" in greeting) == (len(flags) > 2 or "--ssl-cert" in said)


def test_only_its_owner_reads_the_data_folder(tmp_path: Path) -> None:
    folder = make_data_folder(tmp_path / "deep" / "data")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "sessions").is_dir() and (folder / "profiles").is_dir()


def test_a_data_folder_that_cannot_be_made_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="--data"):
        make_data_folder(tmp_path / "file" / "data")
