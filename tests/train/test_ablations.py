"""CausalNet with parts left out: what changes, and that nothing else does."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from engine.causalnet import COMPACT, AblatedConfig, CausalNet, CausalNetConfig, Cross
from engine.errors import ConfigError
from engine.fold import fold, parameter_count
from train.ablations import ABLATIONS, WHOLE
from train.recipe import RECIPES, Recipe, fingerprint, recipe_table


def network(config: CausalNetConfig) -> CausalNet:
    torch.manual_seed(0)
    return CausalNet(config).eval()


@pytest.fixture(scope="module")
def maps() -> torch.Tensor:
    return 255.0 * torch.rand(3, 4, 28, 28, 3, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def test_the_whole_network_is_the_shipped_one(maps):
    assert torch.equal(network(WHOLE)(maps), network(COMPACT)(maps))
    assert list(network(WHOLE).state_dict()) == list(network(COMPACT).state_dict())


def test_recipes_of_shipped_networks_know_no_switches():
    assert "block_length" not in recipe_table(Recipe())["model"]
    tables = [recipe_table(RECIPES[name]) for name in ABLATIONS]
    assert len({fingerprint(table) for table in tables}) == len(ABLATIONS)


@pytest.mark.parametrize("name", ABLATIONS)
@torch.inference_mode()
def test_every_ablation_runs_and_folds(name, maps):
    net = network(ABLATIONS[name])
    assert net(maps).shape == (3, ABLATIONS[name].classes)
    assert net.features(maps).shape == (3, ABLATIONS[name].tokens_out * WHOLE.dim)
    torch.testing.assert_close(fold(net)(maps), net(maps), atol=1e-4, rtol=0)
    if name != "whole" and net.config.classes == WHOLE.classes:
        assert (net(maps) - network(WHOLE)(maps)).abs().max() > 1e-5


def test_what_is_left_out_has_no_weights():
    def without(text: str, name: str) -> bool:
        return not any(text in key for key in network(ABLATIONS[name]).state_dict())

    assert without("cross.", "no-cmplm") and without("causal.", "no-cab")
    assert not without("cross.", "whole") and not without("causal.", "whole")


def test_each_further_layer_costs_the_same():
    counts = {
        length: parameter_count(CausalNet(dataclasses.replace(WHOLE, block_length=length)))
        for length in (1, 2, 4)
    }
    assert counts[4] - counts[2] == 2 * (counts[2] - counts[1]) > 0


@torch.inference_mode()
def test_plain_attention_sees_every_region(maps):
    plain, positional = (
        network(dataclasses.replace(WHOLE, cross=kind)).cross[0].attention
        for kind in (Cross.PLAIN, Cross.POSITIONAL)
    )
    assert plain.mask.min() == 1.0 and not plain.penalty.any()
    assert positional.mask.min() == 0.0 and positional.penalty.min() < 0.0


def test_negative_length_is_refused():
    with pytest.raises(ConfigError, match="block_length -1"):
        AblatedConfig(block_length=-1)
    with pytest.raises(ConfigError, match="multiple of attention_heads"):
        AblatedConfig(dim=33)
