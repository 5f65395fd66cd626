"""One vocabulary of emotions, the classes of each task, and the composite rules of MEGC 2019.

Three classes as everywhere: negative, positive, surprise, in the order of the published labels. Five
classes differ between datasets, as in their papers: the classes that are frequent enough there. Seven are
the six basic emotions and others, as CAS(ME)3 labels them; contempt and repression count as others.
"""

from __future__ import annotations

from collections.abc import Iterable

from realtime.types import LABELS
from train.readers.sample import Reading, Refused, Sample
from train.readers.workbook import RowError

EMOTIONS = (
    *("anger", "contempt", "disgust", "fear", "happiness", "repression", "sadness", "surprise", "others"),
    *("negative", "positive"),  # where a dataset says no more than that
)
_SPELLED = {
    "happy": "happiness", "happines": "happiness", "joy": "happiness",
    "sad": "sadness", "angry": "anger", "surprised": "surprise", "other": "others", "tense": "others",
    "ne": "negative", "po": "positive", "sur": "surprise",
}  # fmt: skip

_NEGATIVE = frozenset({"anger", "contempt", "disgust", "fear", "repression", "sadness", "negative"})
FIVE = {
    "casme2": ("happiness", "disgust", "repression", "surprise", "others"),
    "samm": ("anger", "contempt", "happiness", "surprise", "others"),
    "mmew": ("happiness", "surprise", "disgust", "fear", "others"),
}
SEVEN = ("happiness", "disgust", "fear", "anger", "sadness", "surprise", "others")
TASKS = (3, 5, 7)

# See, Yap, Li, Hong, Wang: MEGC 2019 (FG 2019). Of SMIC it takes the high-speed part only. Two clips that the
# rule for CASME II would keep are not on its list of 442 (as published with CausalNet). tvaranka/meb leaves
# out sub05/EP12_03f as well, which that list has.
COMPOSITE = {"smic-hs": 164, "casme2": 145, "samm": 133}  # samples on the list
COMPOSITE_WITHOUT = frozenset({("sub04", "EP12_01f"), ("sub24", "EP02_07")})
_COMPOSITE_CASME2 = frozenset({"happiness", "disgust", "repression", "surprise"})


def emotion(word: str) -> str:
    """The vocabulary's word for a workbook's. Raises: RowError."""
    plain = word.strip().lower().rstrip(".")
    plain = _SPELLED.get(plain, plain)
    if plain not in EMOTIONS:
        raise RowError(f"emotion '{word}' is none of {', '.join(EMOTIONS)}")
    return plain


def classes(dataset: str, task: int) -> tuple[str, ...]:
    """Class names of a task in the order of its labels; none where the dataset has no such task."""
    if task == 3:
        return LABELS
    return FIVE.get(dataset, ()) if task == 5 else SEVEN


def label(sample: Sample, task: int) -> int | str:
    """The sample's class in the 3-, 5- or 7-class task, or why it has none."""
    if not sample.emotion:
        return "the workbook names no emotion"
    names = classes(sample.dataset, task)
    if not names:
        return f"{sample.dataset} has no {task}-class task"
    word = sample.emotion
    if task == 3:
        word = "negative" if word in _NEGATIVE else "positive" if word == "happiness" else word
    elif task == 7 and word in ("contempt", "repression"):
        word = "others"
    return names.index(word) if word in names else f"{word} is no class of the {task}-class task"


def composite(reading: Reading) -> Reading:
    """Only what the MEGC 2019 composite keeps of SMIC-HS, CASME II or SAMM."""
    reasons = [_not_composite(sample) for sample in reading.samples]
    kept = [one for one, reason in zip(reading.samples, reasons, strict=True) if not reason]
    refused = [
        Refused(one.row, one.key, reason)
        for one, reason in zip(reading.samples, reasons, strict=True)
        if reason
    ]
    listed = COMPOSITE.get(reading.dataset, 0)
    note = f"MEGC 2019 composite rules keep {len(kept)}; its list has {listed} of {reading.dataset}"
    return reading.only(kept, refused, note)


def _not_composite(sample: Sample) -> str:
    if sample.dataset not in COMPOSITE:
        return f"{sample.dataset} is no part of the composite"
    if sample.dataset == "casme2":
        if sample.emotion not in _COMPOSITE_CASME2:
            return f"{sample.emotion} of CASME II is no class of the composite"
        if (sample.subject, sample.clip) in COMPOSITE_WITHOUT:
            return "not on the list published with MEGC 2019"
    found = label(sample, 3)
    return found if isinstance(found, str) else ""


def labelled(samples: Iterable[Sample], task: int) -> tuple[list[tuple[Sample, int]], list[Refused]]:
    """Samples with their class, and a line for each that has none."""
    kept, refused = [], []
    for sample in samples:
        found = label(sample, task)
        if isinstance(found, str):
            refused.append(Refused(sample.row, sample.key, found))
        else:
            kept.append((sample, found))
    return kept, refused
