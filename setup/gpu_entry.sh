#!/bin/sh
# First start: builds the engine for this GPU into the volume; later starts find that it fits in a second.
set -eu
precision=${FLINCH_PRECISION:-fp32}
python -m engine.build --backend tensorrt --precision "$precision"
exec python -m realtime.cam --require tensorrt --set "recognition.precision=$precision" "$@"
