"""HTNet: Wang, Zhang, Luo, Sankaranarayana, "HTNet for micro-expression recognition", Neurocomputing 602,
2024, arXiv 2307.14637.

The flow map from onset to apex (strain, v, u), re-tiled to the regions around eyes and lips, passes through
three levels of transformer layers with convolution and max-pool between; the mean of what is left,
normalised, gives the class. It is the encoder that CausalNet took over, with the same finding: in the
release every attention sees a single token. 4,012,934 parameters for three classes.

Departures: width 64 instead of 256 and (2, 2, 4) layers instead of (2, 2, 10), for the time it takes; the
regions lie at the mean places that the published features use instead of at each face's own landmarks.
"""

from __future__ import annotations

from torch import Tensor, nn

from engine.causalnet import retile
from engine.causalnet_config import CausalNetConfig
from engine.encoder import Encoder
from train.baselines.base import Baseline, BaselineConfig

SIZE = CausalNetConfig(dim=64, repeats=(2, 2, 4), encoder_heads=3)


class HTNet(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.encoder = Encoder(SIZE)
        self.norm = nn.LayerNorm(4 * SIZE.dim)
        self.head = nn.Linear(4 * SIZE.dim, config.classes)

    def features(self, maps: Tensor) -> Tensor:
        regions = retile(maps[:, :1])[:, 0] / 127.5 - 1.0  # (n, 28, 28, 3)
        return self.norm(self.encoder(regions).flatten(1))
