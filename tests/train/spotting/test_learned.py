"""From a chip to a trained network: what is put in, what is drawn beside it, and what is asked of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from engine.errors import ModelFileError
from engine.spotter import SpotterNet, read_spotter_card
from realtime.movement.model import Action, Movement, MovementKind
from realtime.spotting.chain import ROW_PARTS, ROW_SIZE
from realtime.spotting.evidence import FEATURES, POSITIONS, STEP_S, Evidence
from realtime.spotting.outputs import EVIDENCE, LAG_STEPS, LOGITS, OUTPUTS
from realtime.spotting.regions import REGIONS
from tests.portrait import chip_of, portrait
from train import spotting_learn
from train.spotting.bend import Bend, mirrored
from train.spotting.causes import calibrate_causes, line
from train.spotting.distract import distract
from train.spotting.fit import FitConfig, Mixer, fit, targets_of
from train.spotting.items import Item, features_of, gridded, item_of
from train.spotting.lively import Liveliness, chip_field, moved_chip
from train.spotting.net import SpotNet
from train.spotting.shapes import shapes_of
from train.spotting.ship import Together, read_members, read_spotter, write_spotter
from train.spotting.tracks import Strip, track_of
from train.synth.script import ScriptConfig

SHORT = FitConfig(steps=2, batch=2, length=90, warm=10)
SHAPES = shapes_of([chip_of(portrait(), 0)])


def restless(steps: int, seed: int = 0) -> np.ndarray:
    rows = np.cumsum(np.random.default_rng(seed).normal(0, 0.1, (steps, ROW_SIZE)), axis=0)
    rows[:, POSITIONS:] = np.abs(rows[:, POSITIONS:])
    return rows.astype(np.float32)


def item(clip: bool, seed: int = 0) -> Item:
    added = np.zeros((200, ROW_SIZE), np.float32)
    added[100:115, 1] = 1.0
    events = np.array([[100.0, 107.0, 115.0, 1.0, 0]])
    return Item(clip, restless(200, seed), added, events, np.zeros((200, 3), np.float32))


def test_features_of_a_whole_sequence_are_those_of_its_steps() -> None:
    rows = restless(120)
    evidence = Evidence()
    steps = np.stack([evidence.step(row) for row in rows])
    assert features_of(rows[None])[0] == pytest.approx(steps, abs=1e-4)


def test_the_mirror_swaps_sides_and_is_its_own_inverse() -> None:
    rows = restless(5)
    swapped = mirrored(rows)
    left, right = REGIONS.index("mouth_corner_left"), REGIONS.index("mouth_corner_right")
    assert (swapped[:, 2 * left] == -rows[:, 2 * right]).all()
    assert (swapped[:, 2 * left + 1] == rows[:, 2 * right + 1]).all()
    assert (mirrored(swapped) == rows).all()


def test_the_network_runs_alike_at_once_and_step_by_step() -> None:
    net = SpotNet().eval()
    features = torch.randn(1, 70, FEATURES)
    whole, _ = net(features, net.start(1))
    past, steps = net.start(1), []
    for step in range(70):
        said, past = net(features[:, step : step + 1], past)
        steps.append(said)
    assert torch.allclose(torch.cat(steps, dim=1), whole, atol=1e-4)


def test_the_network_does_not_see_the_future() -> None:
    net = SpotNet().eval()
    features = torch.randn(1, 70, FEATURES)
    before, _ = net(features, net.start(1))
    features[:, 40:] = 0
    after, _ = net(features, net.start(1))
    assert torch.equal(before[:, :40], after[:, :40]) and not torch.equal(before[:, 40:], after[:, 40:])


def test_what_is_written_is_what_runs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    members = [SpotNet().eval(), SpotNet().eval()]
    write_spotter(members, SHAPES.templates, tmp_path / "some", 0.4, {})
    card = read_spotter_card(tmp_path / "some.json")
    live, trained = SpotterNet(card), read_spotter(card)
    features = np.random.default_rng(0).normal(0, 1, (30, FEATURES)).astype(np.float32)
    past, steps = live.start(), []
    for row in features:
        said, past = live.step(row, past)
        steps.append(said)
    whole, _ = trained(torch.from_numpy(features)[None], torch.zeros(card.past))
    assert np.stack(steps) == pytest.approx(whole[0].detach().numpy(), abs=1e-4)
    assert (live.templates == SHAPES.templates).all()
    assert card.threshold == 0.4 and Together(members).past_shape == card.past


def test_targets_stand_where_the_movement_ended() -> None:
    events = np.array([[30.0, 36, 45, 1.0, 0], [60, 66, 75, 0.4, 0], [80, 84, 88, 9.0, 2]])
    targets, weights = targets_of(events, np.zeros((90, 3), np.float32), SHORT)
    offset, blink = OUTPUTS.index("offset"), OUTPUTS.index("blink")
    assert targets[:, offset].argmax() == 45 + LAG_STEPS
    assert targets[45 + LAG_STEPS, LOGITS:] * 5 == pytest.approx([15 + LAG_STEPS, 9 + LAG_STEPS, LAG_STEPS])
    assert (weights[60:85, :EVIDENCE] == 0).all() and (
        weights[20:50, :EVIDENCE] == 1
    ).all()  # too faint to ask
    assert (weights[:10] == 0).all()  # the features settle first
    assert targets[80:89, blink].all() and not targets[:80, blink].any()


def test_sequences_are_drawn_alike_by_seed_and_never_of_another_size() -> None:
    items = [item(True), item(True, 1), item(False, 2)]
    first, second, other = (Mixer(items, SHAPES, SHORT, seed).batch() for seed in (1, 1, 2))
    assert torch.equal(first[0], second[0]) and not torch.equal(first[0], other[0])
    assert [tuple(part.shape) for part in first] == [
        (2, 90, n) for n in (FEATURES, len(OUTPUTS), len(OUTPUTS))
    ]
    assert torch.isfinite(first[0]).all()


def test_a_short_fit_gives_a_network() -> None:
    net = fit([item(True), item(False)], SHAPES, SHORT, seed=1)
    assert not net.training


def test_distractions_are_named_and_no_two_are_alike() -> None:
    rng = np.random.default_rng(4)
    rows, flags = np.zeros((2, 300, ROW_SIZE), np.float32), np.zeros((2, 300, 3), np.float32)
    for one, named in zip(rows, flags, strict=True):
        distract(one, named, rng, 5, SHAPES.units_of_regions)
    assert (flags.sum(axis=(0, 1)) > 0).all() and (rows[0] != rows[1]).any()
    assert np.abs(rows).max() < 60


def test_another_face_is_restless_in_another_way_that_holds_together() -> None:
    tiles = np.random.default_rng(3).normal(0, 1, (SHAPES.seen.shape[1], 20)).astype(np.float32)
    skin = SHAPES.seen @ tiles
    rows = np.zeros((20, ROW_SIZE), np.float32)
    rows[:, : len(skin)] = skin.T
    other = Bend(SHAPES).drawn(rows, np.random.default_rng(0))
    assert (other[:, len(skin) :] == 0).all()
    assert 0.5 < np.corrcoef(other.ravel(), rows.ravel())[0, 1] < 0.999
    # still what some movement of the tiles looks like
    seen_again = SHAPES.seen @ (SHAPES.back @ other[:, : len(skin)].T)
    assert np.linalg.norm(seen_again - other[:, : len(skin)].T) < 0.25 * np.linalg.norm(skin)


def test_units_mirror_with_their_sides() -> None:
    rows = np.zeros((1, ROW_SIZE), np.float32)
    left = ROW_PARTS["regions"] + 4
    rows[0, left] = 1.0
    assert np.flatnonzero(mirrored(rows)[0]).tolist() == [left + 1]


def test_a_warped_chip_moves_where_the_unit_pulls_and_its_mesh_goes_along() -> None:
    chip = chip_of(portrait(), 0)
    field = 0.02 * chip_field(chip, [Action(4, 1.0)])
    assert 0.5 < np.linalg.norm(field, axis=2).max() < 2.0
    moved = moved_chip(chip, field.astype(np.float32), 0.5)
    changed = np.abs(moved.gray_u8.astype(int) - chip.gray_u8)
    assert changed[:60].max() > 5 and changed[100:].max() == 0  # brows, not the chin
    went = (moved.landmarks_px - chip.landmarks_px)[[55, 285]]
    assert (went[:, 1] > 0).all() and moved.t_ns == chip.t_ns


def test_a_lively_still_says_what_it_does() -> None:
    chip = chip_of(portrait(), 0)
    t_s = np.arange(300) / 30
    lively = Liveliness(chip, t_s, np.random.default_rng(2))
    assert {name for flags in lively.flags for name in flags} == {"speech", "blink", "head_motion"}
    sizes = [np.abs(lively.field(i)).max() for i in range(0, 300, 10)]
    assert min(sizes) < 0.5 * max(sizes) < 10


def test_a_track_knows_what_was_put_into_it() -> None:
    chips = tuple(chip_of(portrait(), index) for index in range(60))
    strip = Strip("portrait", chips)
    script = ScriptConfig(lead_s=0.3, macro_share=0.0, micro_amplitude=(0.02, 0.02), brief_share=0.0)
    track = track_of(strip, script, np.random.default_rng(1), SHAPES.templates)
    still = track_of(strip, ScriptConfig(lead_s=9.0), np.random.default_rng(1), SHAPES.templates)
    assert track.movements and all(isinstance(one, Movement) for one in track.movements)
    assert all(0.3 < size < 2.5 for size in track.amplitudes_px)
    made = item_of(track, still.rows, [[]] * 60, clip=True)
    onset, apex, offset, _, kind = made.events[0]
    assert kind == [MovementKind.MICRO].index(track.movements[0].kind)
    regions = np.abs(made.added[:, : ROW_PARTS["regions"]]).max(axis=1)
    assert regions[: int(onset) - 2].max() < 0.1 < regions[round(apex)]
    assert offset - onset == pytest.approx(
        (track.movements[0].offset_s - track.movements[0].onset_s) / STEP_S
    )
    assert len(gridded(track.t_s, track.rows)) == len(made.base)


def test_a_line_through_logits_is_found() -> None:
    logits = torch.linspace(-4, 4, 4001)
    asked = (
        torch.rand(4001, generator=torch.Generator().manual_seed(0)) < torch.sigmoid(2 * logits - 1)
    ).float()
    slope, shift = line(logits, asked)
    assert slope == pytest.approx(2, rel=0.15) and shift == pytest.approx(-1, abs=0.25)


def test_causes_become_probabilities_and_evidence_stays() -> None:
    torch.manual_seed(0)
    net = SpotNet().eval()
    features = torch.randn(1, 60, FEATURES)
    before, _ = net(features, net.start(1))
    calibrate_causes(net, Mixer([item(True), item(False)], SHAPES, SHORT, 1), batches=2)
    after, _ = net(features, net.start(1))
    causes = slice(EVIDENCE, LOGITS)
    assert torch.equal(after[..., :EVIDENCE], before[..., :EVIDENCE])
    assert torch.equal(after[..., LOGITS:], before[..., LOGITS:])
    assert torch.sigmoid(after[..., causes]).mean() < 0.4  # nothing of the kind happens in these


def test_the_networks_of_an_earlier_spotter_are_read_to_go_on_from() -> None:
    card = read_spotter_card()
    members = read_members(card.weights.path)
    assert len(members) == card.past[0]
    together = read_spotter(card)
    features = torch.randn(1, 1, FEATURES, generator=torch.Generator().manual_seed(0))
    said, _ = together(features, torch.zeros(card.past))
    alone, _ = Together(members)(features, torch.zeros(card.past))
    assert torch.equal(said, alone)


@pytest.mark.parametrize("layer", ["leave.1.weight", "enter.weight"])
def test_weights_of_another_network_are_refused_in_one_line(tmp_path: Path, layer: str) -> None:
    tensors = {f"members.0.{name}": value for name, value in SpotNet().state_dict().items()}
    tensors[f"members.0.{layer}"] = torch.zeros(2, 2)
    (tmp_path / "other.safetensors").write_bytes(save(tensors))
    (tmp_path / "stranger.safetensors").write_bytes(save({"weight": torch.zeros(2)}))
    (tmp_path / "headless.safetensors").write_bytes(save({"members.0.enter.bias": torch.tensor(1.0)}))
    (tmp_path / "text.safetensors").write_text("no tensors")
    for name in ("other", "stranger", "headless", "text"):
        with pytest.raises(ModelFileError, match=f"{name}.safetensors holds no networks"):
            read_members(tmp_path / f"{name}.safetensors")


def test_people_who_are_nobody_are_refused_before_any_work(tmp_path, capsys):
    assert spotting_learn.main(["--out", str(tmp_path), "--people", "nobody"]) == 2
    assert "--people nobody" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_further_clips_that_are_not_there_are_refused_before_any_work(tmp_path, capsys):
    asked = ["--out", str(tmp_path / "out"), "--further", str(tmp_path)]
    assert spotting_learn.main(asked) == 2
    assert "leave --further out" in capsys.readouterr().err and not list(tmp_path.iterdir())
