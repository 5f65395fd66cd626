from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import ModelFileError
from realtime.spotting.evidence import FEATURES
from train.spotting.grow import grown, parted
from train.spotting.net import CHANNELS, DILATIONS, SpotNet
from train.spotting.ship import Together, read_members


@pytest.fixture
def small() -> SpotNet:
    torch.manual_seed(3)
    return SpotNet(CHANNELS // 2, DILATIONS[:-1]).eval()


def said(net: SpotNet, features: torch.Tensor) -> torch.Tensor:
    return net(features, net.start(1))[0]


def test_what_has_grown_says_what_it_said(small: SpotNet) -> None:
    features = torch.randn(1, 90, FEATURES)
    big = grown(small)
    assert not big.is_smaller and small.is_smaller
    assert torch.allclose(said(big, features), said(small, features), atol=1e-4)


def test_copies_part_a_little_and_the_new_layer_can_learn(small: SpotNet) -> None:
    features = torch.randn(1, 90, FEATURES)
    big = parted(grown(small), seed=1)
    first, again = big.enter.weight.chunk(2)
    assert not torch.equal(first, again)
    assert torch.allclose(said(big, features), said(small, features), atol=1.0)
    said(big, features).square().mean().backward()
    new = big.layers[-1].conv.weight.grad
    assert new is not None and new.abs().max() > 0


@pytest.mark.parametrize(
    ("channels", "dilations"), [(CHANNELS // 2 + 1, DILATIONS), (CHANNELS * 2, DILATIONS), (8, (3, 5))]
)
def test_what_cannot_grow_into_it_is_refused(channels: int, dilations: tuple[int, ...]) -> None:
    with pytest.raises(ModelFileError, match=f"{channels} channels .* without --start"):
        grown(SpotNet(channels, dilations))


def test_an_earlier_smaller_spotter_is_read_in_its_own_size(small: SpotNet, tmp_path) -> None:
    save_file(Together([small, SpotNet(8, (1, 2))]).state_dict(), tmp_path / "old.safetensors")
    first, second = read_members(tmp_path / "old.safetensors")
    assert [(one.channels, one.dilations) for one in (first, second)] == [
        (small.channels, small.dilations), (8, (1, 2)),
    ]  # fmt: skip
    features = torch.randn(1, 20, FEATURES)
    assert torch.equal(said(first, features), said(small, features))
