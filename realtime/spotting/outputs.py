"""What the learned spotter's network says of each step, and when it says it."""

from __future__ import annotations

LAG_STEPS = 5  # it may look at so much of what follows: 100 ms

# Logits first: of an onset, apex and offset of a micro-expression `LAG_STEPS` ago, and of what goes on
# now; then, should a movement have ended there, how many tenths of a second ago it began, peaked and ended.
OUTPUTS = (
    "onset",
    "apex",
    "offset",
    "speech",
    "blink",
    "head_motion",
    "since_onset",
    "since_apex",
    "since_offset",
)
LOGITS = 6
EVIDENCE = 3
