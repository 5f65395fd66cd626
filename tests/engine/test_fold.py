"""Folding removes parameters and changes nothing else."""

from __future__ import annotations

import pytest
import torch

from engine.causalnet import COMPACT, PUBLISHED, CausalNet
from engine.errors import ConfigError
from engine.fold import fold, parameter_count
from tests.engine.test_causalnet import SMALL, network, random_maps


@pytest.mark.parametrize("config", [SMALL, COMPACT], ids=["small", "compact"])
def test_folded_equals_unfolded(config):
    net, maps = network(config), torch.from_numpy(random_maps(16))
    with torch.inference_mode():
        difference = (fold(net)(maps) - net(maps)).abs().max()
    assert difference < 1e-4


@pytest.mark.parametrize(
    ("config", "before", "after"), [(COMPACT, 837_833, 621_385), (PUBLISHED, 276_590_089, 208_103_945)]
)
def test_parameters_before_and_after(config, before, after):
    with torch.device("meta"):  # shapes only: the published size would take a gigabyte
        net = CausalNet(config)
    assert parameter_count(net) == before
    assert parameter_count(fold(net)) == after


def test_nothing_of_the_queries_and_keys_is_left():
    folded = fold(network(SMALL))
    assert not any("query_key" in name for name, _ in folded.named_parameters())
    assert isinstance(folded.head, torch.nn.Linear)


def test_the_original_is_left_alone():
    net = network(SMALL)
    before = parameter_count(net)
    fold(net)
    assert parameter_count(net) == before


def test_folding_twice_is_refused():
    with pytest.raises(ConfigError, match="folded already"):
        fold(fold(network(SMALL)))
