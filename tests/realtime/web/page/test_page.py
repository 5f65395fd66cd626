"""The page as it is built: its tabs, and its own files only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from realtime.web.page import TABS, build_page, look
from realtime.web.server import ASSETS
from tests.realtime.web.peers import state_of


def test_every_tab_is_there_and_consent_comes_first(tmp_path: Path) -> None:
    config = build_page(state_of(tmp_path)).get_config_file()
    parts = config["components"]
    tabs = [part["props"] for part in parts if part["type"] == "tabitem"]
    labels = [tab["label"] for tab in tabs if str(tab.get("elem_id")).startswith("tab-")]
    assert labels == list(TABS) == ["Live", "Replay", "Review", "Calibrate", "About"]
    (rooms,) = [part for part in parts if part["props"].get("elem_id") == "rooms"]
    assert rooms["props"]["visible"] is False


def test_no_page_holds_a_connection_open(tmp_path: Path) -> None:
    """The server's end would wait for it and then complain: a gr.State is enough to have one."""
    assert build_page(state_of(tmp_path)).get_config_file()["connect_heartbeat"] is False


def test_every_file_the_page_names_exists() -> None:
    _, head = look()
    names = re.findall(r'(?:href|src)="/flinch/([^"]+)"', head)
    assert names and all((ASSETS / name).is_file() for name in names)
    assert "http" not in head


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.js")), ids=lambda path: path.name)
def test_scripts_import_only_each_other_and_ask_only_this_server(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r'from "\./([^"]+)"', text):
        assert (ASSETS / name).is_file()
    assert not re.search(r'from "(?!\./)', text)
    assert not re.search(r"https?://", text.replace("http://www.w3.org", ""))
