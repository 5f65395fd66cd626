"""From a dataset's samples to what training reads: chips, key frames, flow and maps by the live chain."""
