"""The other systems of the published tables, as small networks on the published features."""

from __future__ import annotations

from train.baselines.base import Baseline, BaselineConfig, OwnLoss
from train.baselines.dual_inception import DualInception
from train.baselines.edmdbn import EDMDBN
from train.baselines.htnet import HTNet
from train.baselines.micro_attention import MicroAttention
from train.baselines.mmnet import MMNet
from train.baselines.off_apexnet import OffApexNet
from train.baselines.off_tanet import OffTANet
from train.baselines.sgcn import SGCN
from train.baselines.srmcl import SRMCL
from train.baselines.ststnet import STSTNet

__all__ = ["SYSTEMS", "Baseline", "BaselineConfig", "OwnLoss"]

SYSTEMS: dict[str, type[Baseline]] = {
    "off-apexnet": OffApexNet,
    "ststnet": STSTNet,
    "dual-inception": DualInception,
    "micro-attention": MicroAttention,
    "off-tanet": OffTANet,
    "mmnet": MMNet,
    "htnet": HTNet,
    "srmcl": SRMCL,
    "sgcn": SGCN,
    "edmdbn": EDMDBN,
}
