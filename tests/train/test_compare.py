"""The one command: trains, keeps, times, and writes its page from what is kept."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from train import compare
from train.baselines import SYSTEMS
from train.baselines.published import PUBLISHED
from train.compare import entries, main, milliseconds
from train.compare_page import ABOUT_ABLATIONS, write_page


@pytest.fixture
def command(published, tmp_path, monkeypatch):
    def drawn(out, folds, console):
        Image.new("RGB", (4, 3), "white").save(out / "confusion.png")

    monkeypatch.setattr("train.loso._draw", drawn)  # pictures have tests of their own
    (tmp_path / "tiny.toml").write_text("epochs = 1\nbatch = 8\n")

    def call(*extra):
        return main(
            [
                "--data",
                str(published),
                "--out",
                str(tmp_path / "out"),
                "--config",
                str(tmp_path / "tiny.toml"),
            ]
            + ["--results", str(tmp_path / "results"), "--page", str(tmp_path / "PAGE.md"), *extra]
        )

    return call


def row_of(page: str, start: str) -> list[str]:
    line = next(line for line in page.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_trains_keeps_and_writes(command, tmp_path):
    assert command("--only", "ststnet", "no-cab", "--ablation-groups", "2") == 0
    kept = tmp_path / "results" / "baselines" / "ststnet"
    honest, paper = (json.loads((kept / f"{name}.json").read_text()) for name in ("honest", "paper"))
    assert honest["folds"] == 6 and honest["model"] == "ststnet"
    assert paper["folds_trained_now"] == 0, "both protocols read the same folds"
    assert Image.open(kept / "confusion.png").size == (4, 3)
    ablated = json.loads((tmp_path / "results" / "ablations" / "no-cab" / "honest.json").read_text())
    assert ablated["folds"] == 2 and ablated["groups"] == 2
    page = (tmp_path / "PAGE.md").read_text()
    assert row_of(page, "STSTNet")[3] == f"{honest['composite']['uf1']:.3f}".lstrip("0")
    assert row_of(page, "STSTNet")[9:] == [".74", ".76"], "as many digits as were read"
    assert row_of(page, "HTNet")[3] == "not run"


def test_a_second_run_trains_nothing(command, tmp_path, monkeypatch):
    assert command("--only", "sgcn") == 0
    before = (tmp_path / "PAGE.md").read_text()
    monkeypatch.setattr("train.folds.run_fold", lambda task: pytest.fail("trained again"))
    assert command("--only", "sgcn") == 0
    assert row_of((tmp_path / "PAGE.md").read_text(), "SGCN") == row_of(before, "SGCN")


def test_nothing_but_the_page_and_the_times(command, tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "milliseconds", lambda name: 1.25)
    assert command("--only", "nothing", "--time") == 0
    assert row_of((tmp_path / "PAGE.md").read_text(), "MMNet")[2] == "1.25"


def test_refusals_are_one_line(command, capsys):
    assert command("--only", "resnet") == 2
    assert "--only resnet" in capsys.readouterr().err


def test_everything_has_a_row_and_a_source(tmp_path):
    assert set(SYSTEMS) <= set(PUBLISHED)
    ablations = {name for name, entry in entries(None, 10).items() if entry.kind == "ablations"}
    assert set(ABOUT_ABLATIONS) == ablations
    write_page(tmp_path / "PAGE.md", tmp_path)
    page = (tmp_path / "PAGE.md").read_text()
    assert all(f"| {about.title}" in page for about in PUBLISHED.values())


def test_the_page_says_where_a_system_learnt_little(command, tmp_path):
    assert command("--only", "srmcl", "--groups", "2") == 0
    kept = tmp_path / "results" / "baselines" / "srmcl" / "honest.json"
    report = json.loads(kept.read_text())
    for recall, said in ((0.49, True), (0.51, False)):
        report["composite"]["uar"] = recall
        kept.write_text(json.dumps(report))
        assert command("--only", "nothing") == 0
        assert ("learnt little" in (tmp_path / "PAGE.md").read_text()) is said


def test_milliseconds_are_positive():
    assert milliseconds("ststnet", runs=2) > 0
