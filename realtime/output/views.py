"""Two documents made from the lines of events.jsonl: WebVTT captions and an ELAN annotation document.

Sources: W3C WebVTT (cues in order of their start, no empty cue) and the EAF 3.0 schema of the Max Planck
Institute for Psycholinguistics (one tier holds no two overlapping annotations, time slots in order).
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from realtime.types import Kind

VTT_NOTE = "Movement candidates found by Flinch. They say nothing about what a person thinks or intends."
# The schema wants a date; a fixed one keeps two replays of a clip byte for byte the same.
EAF_DATE = "1970-01-01T00:00:00+00:00"
EAF_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
EAF_TYPE = "candidate"
MIME_TYPES = {
    ".mp4": "video/mp4",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".mov": "video/quicktime",
}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the documents show of one event."""

    event: int
    face: int
    kind: str
    text: str  # label, confidence and flags: "positive 0.81 [blink]"
    onset_ms: int
    offset_ms: int  # always after the onset

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Candidate:
        """From one line of events.jsonl."""
        onset_ms = max(0, round(record["onset_s"] * 1000))
        return cls(
            event=record["event"],
            face=record["face"],
            kind=record["kind"],
            text=_text(record["label"], record["confidence"], record["flags"]),
            onset_ms=onset_ms,
            offset_ms=max(onset_ms + 1, round(record["offset_s"] * 1000)),
        )


def _text(label: str, confidence: float | None, flags: str) -> str:
    sure = "" if confidence is None else f" {confidence:.2f}"
    return f"{label}{sure}" + (f" [{flags.replace(';', ', ')}]" if flags else "")


def _in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: (candidate.onset_ms, candidate.event))


def vtt_document(candidates: Iterable[Candidate]) -> str:
    """The captions: one cue per candidate, from onset to offset."""
    blocks = ["WEBVTT", f"NOTE {VTT_NOTE}", *(_cue(candidate) for candidate in _in_order(candidates))]
    return "\n\n".join(blocks) + "\n"


def _cue(candidate: Candidate) -> str:
    times = f"{_clock_text(candidate.onset_ms)} --> {_clock_text(candidate.offset_ms)}"
    text = f"{candidate.kind} candidate, face {candidate.face}: {candidate.text}"
    return f"event {candidate.event}\n{times}\n{text}"


def _clock_text(time_ms: int) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def elan_document(candidates: Iterable[Candidate], *, folder: Path, media: Path | None = None) -> str:
    """The annotation document: a tier per face and kind, times in milliseconds from the first frame.

    `folder` is where the document will lie; the clip `media` is named relative to it, and absolutely.
    """
    tiers = _tiers(candidates)
    edges_ms = sorted(edge for lane in tiers.values() for c in lane for edge in _edges(c))
    slots = {edge: f"ts{number}" for number, edge in enumerate(edges_ms, start=1)}
    root = Element("ANNOTATION_DOCUMENT", _root_attributes())
    _add_header(root, len(edges_ms) // 2, folder, media)
    order = SubElement(root, "TIME_ORDER")
    for edge, slot in slots.items():
        SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(edge[0]))
    for name, lane in tiers.items():
        _add_tier(root, name, lane, slots)
    type_of_tier = {"LINGUISTIC_TYPE_ID": EAF_TYPE, "TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"}
    SubElement(root, "LINGUISTIC_TYPE", type_of_tier)
    ElementTree.indent(root, space="    ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _edges(candidate: Candidate) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Its two edges as (time, end or start, event): sorted, touching candidates end before they begin."""
    return (candidate.onset_ms, 1, candidate.event), (candidate.offset_ms, 0, candidate.event)


def _tiers(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    """Tier name -> its candidates in order. What overlaps within a tier moves to "... (2)" and so on."""
    tiers: dict[str, list[Candidate]] = {}
    ordered = _in_order(candidates)
    for face in sorted({candidate.face for candidate in ordered} or {0}):
        for kind in Kind:
            tiers[f"{kind.value} face {face}"] = []
    for candidate in ordered:
        base, number = f"{candidate.kind} face {candidate.face}", 1
        name = base
        while tiers.get(name) and tiers[name][-1].offset_ms > candidate.onset_ms:
            number += 1
            name = f"{base} ({number})"
        tiers.setdefault(name, []).append(candidate)
    return tiers


def _root_attributes() -> dict[str, str]:
    return {
        "AUTHOR": "Flinch",
        "DATE": EAF_DATE,
        "FORMAT": "3.0",
        "VERSION": "3.0",
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:noNamespaceSchemaLocation": EAF_SCHEMA,
    }


def _add_header(root: Element, annotations: int, folder: Path, media: Path | None) -> None:
    header = SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if media is not None:
        SubElement(header, "MEDIA_DESCRIPTOR", _media_attributes(folder, media))
    SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(annotations)


def _media_attributes(folder: Path, media: Path) -> dict[str, str]:
    # ELAN compares these with file names, so nothing is percent-encoded.
    relative = Path(os.path.relpath(media.resolve(), folder.resolve())).as_posix()
    return {
        "MEDIA_URL": NOT_XML.sub("?", f"file://{media.resolve().as_posix()}"),
        "MIME_TYPE": MIME_TYPES.get(media.suffix.lower(), "video/*"),
        "RELATIVE_MEDIA_URL": NOT_XML.sub("?", relative if relative.startswith("..") else f"./{relative}"),
    }


def _add_tier(
    root: Element, name: str, lane: list[Candidate], slots: Mapping[tuple[int, int, int], str]
) -> None:
    tier = SubElement(root, "TIER", LINGUISTIC_TYPE_REF=EAF_TYPE, TIER_ID=name)
    for candidate in lane:
        onset, offset = (slots[edge] for edge in _edges(candidate))
        ids = {
            "ANNOTATION_ID": f"a{candidate.event + 1}",
            "TIME_SLOT_REF1": onset,
            "TIME_SLOT_REF2": offset,
        }
        annotation = SubElement(SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", ids)
        SubElement(annotation, "ANNOTATION_VALUE").text = candidate.text
