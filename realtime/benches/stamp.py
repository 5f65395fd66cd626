"""A number drawn into a picture that survives compression, to tell how old a picture on a screen is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 12
BLOCK_PX = 16
BLOCKS = BITS + 2  # one always white before, the parity after
NUMBERS = 2**BITS


def stamped(bgr: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """A copy with `number` (modulo 4096) as black and white squares in the lower left corner."""
    bits = [(number % NUMBERS) >> place & 1 for place in range(BITS)]
    picture = bgr.copy()
    for place, bit in enumerate([1, *bits, sum(bits) % 2]):
        picture[-BLOCK_PX:, place * BLOCK_PX : (place + 1) * BLOCK_PX] = 255 * bit
    return picture


# The same in the page: the age of every picture on its way back, from the camera's own capture time.
READER = """(blocks) => {
  const [count, px, film] = blocks;
  const live = document.querySelector('flinch-live');
  const canvas = new OffscreenCanvas(count * 4, 4);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const read = (video) => {
    const scale = video.videoHeight / 480;
    const [width, height] = [count * px * scale, px * scale];
    context.drawImage(video, 0, video.videoHeight - height, width, height, 0, 0, count * 4, 4);
    const pixels = context.getImageData(0, 0, count * 4, 4).data;
    const bits = [...Array(count).keys()].map((i) => (pixels[4 * (2 * count * 4 + i * 4 + 2)] > 127 ? 1 : 0));
    const number = bits.slice(1, -1).reduce((sum, bit, place) => sum + (bit << place), 0);
    const parity = bits.slice(1, -1).reduce((sum, bit) => sum + bit, 0) % 2;
    return bits[0] === 1 && parity === bits[count - 1] ? number : null;
  };
  const captured = new Map();
  let last = null;
  // The film begins again: what this page did not see of it must not be taken for the last round's.
  const saw = (number, time) => {
    for (let missed = last; last !== null && missed !== number; missed = (missed + 1) % film) {
      if (missed !== last) captured.delete(missed);
    }
    captured.set(number, time);
    last = number;
  };
  window.ages = {ages: [], unread: 0, shown: 0, sent: 0, events: [], since: performance.now()};
  live.addEventListener('flinch-event', (event) =>
    window.ages.events.push(1000 * (live.strip.newest - event.detail.offset_s)));
  const local = document.createElement('video');
  local.muted = true;
  local.srcObject = live.link.stream;
  local.play();
  const fromCamera = (now, metadata) => {
    const number = read(local);
    if (number !== null && number < film) saw(number, metadata.captureTime ?? now);
    window.ages.sent += 1;
    local.requestVideoFrameCallback(fromCamera);
  };
  local.requestVideoFrameCallback(fromCamera);
  const fromServer = (now) => {
    const number = read(live.video);
    window.ages.shown += 1;
    if (number !== null && captured.has(number)) {
      window.ages.ages.push([now - window.ages.since, now - captured.get(number)]);
    } else window.ages.unread += 1;
    live.video.requestVideoFrameCallback(fromServer);
  };
  live.video.requestVideoFrameCallback(fromServer);
}"""
