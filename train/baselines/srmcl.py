"""SRMCL: Bao, Wu, Zhang, Shan, Qi, Ben, "Boosting Micro-Expression Recognition via Self-Expression
Reconstruction and Memory Contrastive Learning", IEEE Transactions on Affective Computing, 2024, doi
10.1109/TAFFC.2024.3397701.

A vision transformer over the flow map from onset to apex. In training two more tasks help: most of the
encoder's tokens are masked and a decoder rebuilds the map from the rest (self-expression reconstruction),
and the class token is drawn to its class in a memory of prototypes that follow the batch slowly (memory
contrastive learning). Loss: cross entropy + 0.5 reconstruction + 0.5 contrastive. 181,078 parameters for
three classes.

Departures: 24 layers of width 1024 that start from weights of a masked autoencoder for faces there, 3 layers
of width 64 and random weights here; map and patches of 28 and 7 pixels instead of 224 and 16; one mask
instead of two in turn.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.causalnet_config import MAP_SIZE
from train.baselines.base import Baseline, BaselineConfig, CrossEntropy, flow_image
from train.baselines.layers import PatchTokens, transformer_layer

PATCH = 7
TOKENS = (MAP_SIZE // PATCH) ** 2
WIDTH, DECODER_WIDTH = 64, 32
MASKED = 0.75  # share of the tokens hidden from the decoder
TEMPERATURE, MOMENTUM = 0.05, 0.1  # of the contrast, and what a prototype keeps of itself
RECONSTRUCTION_WEIGHT, CONTRAST_WEIGHT = 0.5, 0.5


class Decoder(nn.Module):
    """Patches from the tokens that were left: (n, TOKENS, WIDTH) to (n, TOKENS, 3 PATCH^2)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(WIDTH, DECODER_WIDTH)
        self.hidden = nn.Parameter(0.02 * torch.randn(DECODER_WIDTH))  # stands for a masked token
        self.position = nn.Parameter(0.02 * torch.randn(TOKENS, DECODER_WIDTH))
        self.layer = transformer_layer(DECODER_WIDTH, heads=2)
        self.leave = nn.Linear(DECODER_WIDTH, 3 * PATCH * PATCH)

    def forward(self, tokens: Tensor, masked: Tensor) -> Tensor:
        x = torch.where(masked[..., None], self.hidden, self.enter(tokens))
        return self.leave(self.layer(x + self.position))


class Memory(nn.Module):
    """One prototype per class on the unit sphere."""

    prototypes: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("prototypes", F.normalize(torch.randn(classes, WIDTH), dim=1))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """The contrastive loss against the prototypes as they were; they follow afterwards."""
        unit = F.normalize(features, dim=1)
        loss = F.cross_entropy(unit @ self.prototypes.T.clone() / TEMPERATURE, labels)
        with torch.no_grad():
            for label, prototype in enumerate(self.prototypes):
                of_class = unit[labels == label]
                if len(of_class):
                    moved = MOMENTUM * prototype + (1.0 - MOMENTUM) * of_class.mean(dim=0)
                    prototype.copy_(F.normalize(moved, dim=0))
        return loss


class SRMCL(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.tokens = PatchTokens(3, WIDTH, PATCH)
        self.first = nn.Parameter(0.02 * torch.randn(1, WIDTH))  # the class token
        self.position = nn.Parameter(0.02 * torch.randn(1 + TOKENS, WIDTH))
        self.layers = nn.Sequential(*(transformer_layer(WIDTH, heads=4) for _ in range(3)))
        self.decoder = Decoder()
        self.memory = Memory(config.classes)
        self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, config.classes))

    def encoded(self, images: Tensor) -> Tensor:
        """(n, 3, 28, 28) to (n, 1 + TOKENS, WIDTH), the class token first."""
        tokens = self.tokens(images)
        return self.layers(torch.cat([self.first.expand(len(images), 1, -1), tokens], dim=1) + self.position)

    def features(self, maps: Tensor) -> Tensor:
        return self.encoded(flow_image(maps))[:, 0]

    def training_loss(self, maps: Tensor, labels: Tensor, cross_entropy: CrossEntropy) -> Tensor:
        images = flow_image(maps)
        encoded = self.encoded(images)
        features = encoded[:, 0]
        loss = cross_entropy(self.head(features), labels) + CONTRAST_WEIGHT * self.memory(features, labels)
        return loss + RECONSTRUCTION_WEIGHT * self._reconstruction(images, encoded[:, 1:])

    def _reconstruction(self, images: Tensor, tokens: Tensor) -> Tensor:
        """Mean squared error over the patches whose tokens were masked."""
        order = torch.rand(tokens.shape[:2]).argsort(dim=1)
        masked = order < round(MASKED * TOKENS)  # (n, TOKENS)
        patches = F.unfold(images, PATCH, stride=PATCH).transpose(1, 2)
        return ((self.decoder(tokens, masked) - patches)[masked] ** 2).mean()
