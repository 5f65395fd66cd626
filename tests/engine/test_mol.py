from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.errors import ConfigError
from engine.mol import COMPACT_MOL, PUBLISHED_MOL, Mol, MolConfig, normalised
from engine.mol_f5c import F5C, ChannelCorrespondence, FullyConnected
from engine.mol_flow import correlation, displacements
from tests import naive

SMALL = MolConfig(size=64, channels=16, flow_width=4, flow_reach=2, hidden=16, landmark_hidden=16)
# What the release holds and never uses, counted from its source: kernels and positions of 32 cropped to 16,
# and a feed-forward part 128 -> 2 -> 128 with its batch norm; once for each of the two frames.
UNUSED = 2 * (4 * 64 * 16 + 4 * 64 * 16 + (2 * 128 + 128 * 2 + 2 + 2 * 128 + 128))


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def random(net: nn.Module) -> nn.Module:
    """Weights and statistics of which none is 0 or 1, in float64."""
    torch.manual_seed(1)
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) + 0.5 if "var" in name else 0.3 * torch.randn_like(tensor))
    return net.double().eval()


def arrays(net: nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


def frames(batch: int, config: MolConfig = SMALL) -> Tensor:
    torch.manual_seed(2)
    return 255 * torch.rand(batch, config.frames, config.size, config.size)


def released_flow_head(w: int) -> int:
    """Parameters of the released FlowNetC, layer by layer: (taken, given, kernel side, batch norm)."""
    down = [
        *((1, w, 6), (w, 2 * w, 4), (2 * w, 4 * w, 2), (4 * w, w // 2, 1)),
        *((441 + w // 2 + 256, 4 * w, 3), (4 * w, 8 * w, 3), (8 * w, 8 * w, 3), (8 * w, 8 * w, 3)),
        *((8 * w, 8 * w, 3), (8 * w, 16 * w, 3), (16 * w, 16 * w, 3)),
    ]
    up = [(1024, 512), (1026, 256), (770, 128), (386, 128), (258, 64), (130, 32)]
    flows = [1024, 1026, 770, 386, 258, 130, 35]
    convolutions = sum(taken * given * side**2 + 2 * given for taken, given, side in down)
    return convolutions + sum(16 * a * b for a, b in up) + sum(18 * a for a in flows) + 6 * 64


def test_the_published_size_has_the_releases_parameters() -> None:
    net = Mol()
    stack = (16 + 1) * 8 + (8 * 9 + 1) * 32 + (32 * 4 + 1) * 64 + (64 + 1) * 128
    fully = 4 * 64 * 32 + 4 * 64 + 4 * 64 * 32 + 2 * 2 * 64  # kernels, biases, positions, batch norms
    correspondence = 2 * (256 * 256 + 256)
    recognition = (128 * 20 + 1) * 32 + (2560 + 1) * 256 + 257 * 3
    landmark = (128 * 9 + 1) * 32 + (6272 + 1) * 512 + 513 * 136
    released = stack + 2 * (fully + correspondence) + recognition + landmark + released_flow_head(64)
    feed_forward = 2 * (2 * 128 + 128 * 2 + 2 + 2 * 128 + 128)
    assert parameters(net) == released + feed_forward - UNUSED == 44_086_685


def test_shapes_of_all_heads() -> None:
    net = Mol(SMALL).eval()
    said = net.joint(frames(2))
    assert said.logits.shape == (2, 3)
    assert said.flow_px.shape == (2, 7, 2, 64, 64)
    assert said.landmarks_px.shape == (2, 7, 68, 2)
    torch.testing.assert_close(net(frames(2)), said.logits)


def test_the_published_map_is_sixteen_wide() -> None:
    assert (PUBLISHED_MOL.side, PUBLISHED_MOL.patch) == (16, 441)
    assert (COMPACT_MOL.side, COMPACT_MOL.frames) == (16, PUBLISHED_MOL.frames)


def test_flow_of_some_pairs_is_that_of_all() -> None:
    net = Mol(SMALL).eval()
    some = net.joint(frames(2), torch.tensor([5, 0])).flow_px
    torch.testing.assert_close(some, net.joint(frames(2)).flow_px[:, [5, 0]])
    first = net.joint(frames(2), torch.tensor([3]), 1).flow_px
    torch.testing.assert_close(first, net.joint(frames(2)).flow_px[:1, [3]])


def test_fully_connected_as_written_out() -> None:
    net = random(FullyConnected(SMALL))
    x = torch.randn(2, 16, 8, 8, dtype=torch.float64)
    wanted = np.stack([naive.fully_connected(each, arrays(net)) for each in x.numpy()])
    with torch.no_grad():
        np.testing.assert_allclose(net(x).numpy(), wanted, atol=1e-5)


def test_channel_correspondence_as_written_out() -> None:
    net = random(ChannelCorrespondence(SMALL))
    x = torch.randn(2, 16, 8, 8, dtype=torch.float64)
    wanted = np.stack([naive.channel_correspondence(each, arrays(net), 4) for each in x.numpy()])
    with torch.no_grad():
        np.testing.assert_allclose(net(x).numpy(), wanted, atol=1e-5)


def test_f5c_adds_the_graph_to_the_convolution() -> None:
    net = F5C(SMALL).eval()
    x = torch.randn(2, 16, 8, 8)
    local = net.fully(x)
    torch.testing.assert_close(net(x), local + net.correspondence(local))


def test_correlation_as_written_out() -> None:
    first, second = torch.randn(2, 3, 5, 8, 8, dtype=torch.float64)
    found = correlation(first, second, displacements(8, 2, 2)).numpy()
    wanted = [naive.correlated(a, b, 2, 2) for a, b in zip(first.numpy(), second.numpy(), strict=True)]
    np.testing.assert_allclose(found, np.stack(wanted), atol=1e-12)


def test_brightness_makes_no_difference_and_change_is_stronger() -> None:
    shown = frames(1)
    lamp = torch.linspace(-20, 20, 8)[None, :, None, None]
    torch.testing.assert_close(normalised(shown + lamp, 8.0), normalised(shown, 8.0), atol=1e-4, rtol=0)
    plain, strong = (normalised(shown, gain) for gain in (1.0, 8.0))
    torch.testing.assert_close(plain.mean(dim=1), strong.mean(dim=1), atol=1e-4, rtol=0)
    changes = [each - each.mean(dim=1, keepdim=True) for each in (plain, strong)]
    torch.testing.assert_close(changes[1], 8 * changes[0], atol=1e-3, rtol=0)


def test_every_parameter_learns() -> None:
    net = Mol(SMALL).train()
    said = net.joint(frames(2))
    (said.logits.sum() + said.flow_px.square().sum() + said.landmarks_px.sum()).backward()
    silent = [name for name, each in net.named_parameters() if each.grad is None or not each.grad.any()]
    assert not silent


@pytest.mark.parametrize(
    "wrong", [{"channels": 24}, {"size": 100}, {"flow_width": 3}, {"motion_gain": 0.0}, {"neighbours": 0}]
)
def test_config_says_what_is_wrong(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        dataclasses.replace(PUBLISHED_MOL, **wrong)
