"""The two numbers, counted by hand for a small graph, and the released layout against the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.roofline import Machine, Work, machine, work_of
from tests import naive
from tests.engine.test_causalnet import SMALL, network, random_maps
from tests.engine.test_quantise import tiny


def test_bytes_and_operations_of_one_product():
    work = work_of(tiny(np.ones((3, 2), np.float32)).SerializeToString())
    assert work == Work(read_bytes=3 * 2 * 4, operations=2 * 2 * 3 * 2)
    assert work_of(tiny(np.ones((3, 2), np.float32)).SerializeToString(), 1.0).read_bytes == 6


def test_the_larger_of_both_times_counts():
    here = Machine(read_bytes_per_s=1e9, float32_operations_per_s=1e9)
    assert Work(2_000_000, 1_000_000).least_ms(here) == pytest.approx(2.0)
    assert Work(1_000_000, 3_000_000).least_ms(here) == pytest.approx(3.0)


def test_this_machine_reads_and_multiplies():
    here = machine(buffer_bytes=1 << 20)
    assert here.read_bytes_per_s > 1e7 and here.float32_operations_per_s > 1e7


def test_the_released_layout_is_the_same_network():
    net, maps = network(SMALL), torch.from_numpy(random_maps(1))
    with torch.inference_mode():
        torch.testing.assert_close(naive.released_causalnet(net, maps), net(maps), atol=1e-4, rtol=0)
