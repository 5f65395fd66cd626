"""python -m calibration.confidence: how far a network's probabilities can be believed.

From the out-of-fold predictions that `train.loso` writes: one temperature (Guo et al. 2017) that makes the
probabilities honest, and the limit under which the label is "unclear". Both are judged on subjects that
were not used to fit them.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from calibration.reliability import Predictions, hold_out, judge
from engine.errors import ConfigError, FlinchError
from engine.flags import Parser
from realtime.errors import CalibrationError
from realtime.types import LABELS


def read_predictions(path: Path) -> Predictions:
    """The predictions.csv of `train.loso`.

    Raises: CalibrationError if it is missing or another table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        logits = np.array([[float(row[f"logit_{name}"]) for name in LABELS] for row in rows])
        labels = np.array([LABELS.index(row["label"]) for row in rows])
        subjects = np.array([row["subject"] for row in rows])
    except OSError as error:
        raise CalibrationError(
            f"no predictions at {path} ({error.strerror}); run train.loso first"
        ) from error
    except (KeyError, ValueError, TypeError) as error:
        raise CalibrationError(f"{path} is no predictions.csv of train.loso ({error!r})") from error
    if not rows or not np.isfinite(logits).all():
        raise CalibrationError(f"{path} holds no finite predictions; run train.loso again")
    return Predictions(logits, labels, subjects)


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="python -m calibration.confidence", description=__doc__.split("\n")[0])
    parser.add_argument("predictions", type=Path, help="predictions.csv of train.loso")
    parser.add_argument("--target", type=float, default=0.8, help="accuracy that accepted labels should have")
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--pictures", type=Path, help="folder for reliability.png and coverage.png")
    args = parser.parse_args(argv)
    try:
        if not 0.0 < args.target < 1.0:
            raise ConfigError(f"--target {args.target} must lie between 0 and 1")
        predictions = read_predictions(args.predictions)
        found = judge(predictions, args.target)
        text = json.dumps(asdict(found), indent=2)
        print(text)
        if args.json is not None:
            args.json.write_text(text + "\n", encoding="utf-8")
        if args.pictures is not None:
            from calibration.pictures import draw  # matplotlib is there in development only

            draw(args.pictures, predictions, hold_out(predictions, args.target), found)
    except (FlinchError, OSError) as error:
        print(f"calibration.confidence: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
