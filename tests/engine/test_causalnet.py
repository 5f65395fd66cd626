"""CausalNet against its published size and an independent plain transcription."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from engine.attention import neighbours, position_penalty
from engine.causalnet import COMPACT, PUBLISHED, CausalNet, CausalNetConfig, retile
from engine.encoder import to_patches
from engine.errors import ConfigError
from engine.fold import parameter_count
from tests import naive

SMALL = CausalNetConfig(dim=24, repeats=(2, 1, 2), encoder_heads=3, attention_heads=4, gamma=0.3)


def random_maps(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (samples, 4, 28, 28, 3)).astype(np.float32)


def plain_logits(net: CausalNet, maps: np.ndarray) -> np.ndarray:
    weights = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    config = dataclasses.asdict(net.config)
    wanted = ("dim", "repeats", "encoder_heads", "attention_heads", "gamma")
    return np.stack([naive.causalnet(m, weights, **{k: config[k] for k in wanted}) for m in maps])


def network(config: CausalNetConfig, seed: int = 2025) -> CausalNet:
    torch.manual_seed(seed)
    net = CausalNet(config).eval()
    with torch.no_grad():  # norms start as the identity: give them something to be wrong about
        for name, parameter in net.named_parameters():
            if "norm" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return net


def test_published_size_has_276_6_million_parameters():
    with torch.device("meta"):
        assert parameter_count(CausalNet(PUBLISHED)) == pytest.approx(276.6e6, rel=1e-3)


def test_every_dimension_follows_the_config():
    for name, parameter in CausalNet(SMALL).named_parameters():
        assert not {256, 512, 1024, 2048, 3072} & set(parameter.shape), name


@pytest.mark.parametrize("config", [SMALL, COMPACT], ids=["small", "compact"])
def test_agrees_with_the_plain_transcription(config):
    net, maps = network(config), random_maps(3)
    with torch.inference_mode():
        logits = net(torch.from_numpy(maps)).numpy()
    np.testing.assert_allclose(logits, plain_logits(net, maps), atol=1e-5, rtol=0)
    assert np.ptp(logits, axis=0).min() > 1e-3, "the samples must differ, or agreement shows nothing"


def test_published_size_agrees_with_the_plain_transcription():
    net, maps = network(PUBLISHED), random_maps(1)
    with torch.inference_mode():
        logits = net(torch.from_numpy(maps)).numpy()
    np.testing.assert_allclose(logits, plain_logits(net, maps), atol=1e-5, rtol=0)


def test_batch_does_not_matter():
    net, maps = network(SMALL), torch.from_numpy(random_maps(4))
    with torch.inference_mode():
        torch.testing.assert_close(net(maps)[2:3], net(maps[2:3]), atol=1e-5, rtol=0)


def test_retile_takes_the_four_regions_and_nothing_else():
    rows, columns = np.mgrid[:28, :28]
    maps = np.stack([rows, columns, 0 * rows], axis=-1)[None, None].astype(np.float32)
    tiled = retile(torch.from_numpy(maps)).numpy()[0, 0]
    for (row, column), (top, left) in zip(
        [(9, 11), (21, 10), (10, 21), (20, 21)], [(0, 0), (0, 14), (14, 0), (14, 14)], strict=True
    ):
        assert tiled[top, left, :2].tolist() == [row - 7, column - 7]
        assert tiled[top + 13, left + 13, :2].tolist() == [row + 6, column + 6]


def test_patches_hold_pixels_in_row_column_channel_order():
    maps = torch.arange(28 * 28 * 3, dtype=torch.float32).reshape(1, 28, 28, 3)
    patches = to_patches(maps)[0]
    torch.testing.assert_close(patches[6], maps[0, 7:14, 14:21].flatten())


def test_only_diagonal_regions_are_no_neighbours():
    assert neighbours().sum() == 12
    assert neighbours()[0].tolist() == [1, 1, 1, 0]
    assert position_penalty(0.5).tolist()[1] == [0, 0, -1.5, 0]


def test_queries_and_keys_of_the_encoder_have_no_effect():
    net, maps = network(SMALL), torch.from_numpy(random_maps(2))
    with torch.inference_mode():
        before = net(maps)
        for name, parameter in net.named_parameters():
            if "query_key" in name:
                parameter.fill_(7.0)
        torch.testing.assert_close(net(maps), before, atol=0, rtol=0)


@pytest.mark.parametrize(
    "wrong", [{"dim": 60}, {"repeats": (1, 0, 1)}, {"repeats": (1, 1)}, {"dropout": 1.0}]
)
def test_impossible_configs_are_refused(wrong):
    with pytest.raises(ConfigError):
        dataclasses.replace(COMPACT, **wrong)
