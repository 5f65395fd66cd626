"""CausalNet's ablations at the compact size: what each part and number gives."""

from __future__ import annotations

from dataclasses import asdict

from engine.causalnet import COMPACT, AblatedConfig, Cross

WHOLE = AblatedConfig(**asdict(COMPACT))


def _changed(**changes: object) -> AblatedConfig:
    return AblatedConfig(**{**asdict(WHOLE), **changes})


ABLATIONS: dict[str, AblatedConfig] = {
    "whole": WHOLE,  # the network itself: block length 1, gamma 0.5, three classes
    "block-2": _changed(block_length=2),
    "block-4": _changed(block_length=4),
    "block-6": _changed(block_length=6),
    "no-cmplm": _changed(cross=Cross.NONE),
    "no-cab": _changed(block_length=0),
    "plain-cross": _changed(cross=Cross.PLAIN),
    "gamma-0.3": _changed(gamma=0.3),
    "gamma-0.4": _changed(gamma=0.4),
    "5-class": _changed(classes=5),  # read at the three classes that the published features have
}
