#!/bin/sh
# First start: builds the engine for this GPU into the volume; later starts find that it fits in a second.
set -eu
python -m engine.build --backend tensorrt --precision "${FLINCH_PRECISION:-fp32}"
exec python -m realtime.cam "$@"
