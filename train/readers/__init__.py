"""Readers of the published datasets: one contract, one sample type, a small file per dataset.

reading = reader("casme2").read(root, labels)
reading.samples, reading.refused        together every row of the workbook
"""

from __future__ import annotations

from engine.errors import ConfigError
from train.readers.casme2 import Casme2
from train.readers.casme3 import Casme3A, Casme3C
from train.readers.casme_sq import CasmeSquared
from train.readers.mmew import Mmew
from train.readers.published import Published
from train.readers.samm import Samm, SammLong
from train.readers.sample import Reader, Reading, Refused, Sample
from train.readers.smic import Smic
from train.readers.smic_e import SmicHsE, SmicNirE, SmicVisE
from train.readers.synth import Synth

__all__ = ["READERS", "Reader", "Reading", "Refused", "Sample", "reader"]

_ALL: tuple[Reader, ...] = (
    Casme2(), Samm(), SammLong(), Smic("HS", 100.0), Smic("VIS", 25.0), Smic("NIR", 25.0),
    SmicHsE(), SmicVisE(), SmicNirE(), Mmew(), CasmeSquared(), Casme3A(), Casme3C(), Published(), Synth(),
)  # fmt: skip
READERS: dict[str, Reader] = {one.name: one for one in _ALL}


def reader(name: str) -> Reader:
    """Raises: ConfigError if no reader is called that."""
    if name not in READERS:
        raise ConfigError(f"--dataset is one of {', '.join(READERS)}, not '{name}'")
    return READERS[name]
