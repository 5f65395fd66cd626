"""Our own synthetic set (`python -m train.synth`): videos with known movements, read like the others."""

from __future__ import annotations

import csv
from pathlib import Path

from realtime.types import Kind
from train.errors import DatasetError
from train.readers.emotions import emotion
from train.readers.pictures import VideoFile
from train.readers.samm import kind_of
from train.readers.sample import Reading, Refused, Sample
from train.readers.table import Entry, in_order, within
from train.readers.workbook import Row, RowError, headed, read_workbook
from train.synth.flags import TRUTH_NAME
from train.synth.write import TRUTH_HEADER

VIDEOS_NAME = "videos.csv"


class Synth:
    """`truth.csv` and `videos.csv` beside the videos."""

    name = "synth"
    title = "the synthetic set"
    paper = "python -m train.synth"
    fps = 0.0  # each video says its own

    def read(self, root: Path, labels: Path | None) -> Reading:
        """See `train.readers.sample.Reader`."""
        path = root / TRUTH_NAME if labels is None else labels
        rows = headed(read_workbook(path), {name: (name,) for name in TRUTH_HEADER}, TRUTH_HEADER[:6])
        videos = _videos(root / VIDEOS_NAME)
        samples, refused = [], []
        for row in rows:
            try:
                samples.append(self._sample(root, row, videos))
            except DatasetError as error:
                refused.append(Refused(row.number, row.text("video"), str(error)))
        return Reading(self.name, path.name, tuple(samples), tuple(refused))

    def _sample(self, root: Path, row: Row, videos: dict[str, dict[str, str]]) -> Sample:
        video = row.text("video")
        if video not in videos or not (root / video).is_file():
            raise RowError(f"video {video} is not there, or not in {VIDEOS_NAME}")
        onset, apex, offset = (row.frame(name) for name in ("onset", "apex", "offset"))
        if onset is None or apex is None or offset is None:
            raise RowError("onset, apex or offset is missing")
        about = videos[video]
        kind: Kind = kind_of(row.text("type"))
        clip = f"{Path(video).stem}_{onset}"
        entry = in_order(Entry(about["person"], clip, onset, apex, offset, emotion(row.text("label"))))
        pictures = VideoFile(root / video, int(about["frames"]))
        entry = within(entry, pictures)
        return Sample(
            self.name, entry.subject, clip, kind, entry.onset, entry.apex, entry.offset, entry.emotion,
            row.text("aus"), float(about["fps"]), pictures, row.number, entry.notes,
        )  # fmt: skip


def _videos(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return {row["video"]: row for row in csv.DictReader(stream)}
    except OSError as error:
        raise DatasetError(f"no {path} ({error.strerror}); give the --out of train.synth") from error
