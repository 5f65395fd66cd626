// What the browser itself measures of the connection, joined with what the server says, and what to warn of.

const SETTLING_FRAMES = 60; // rates are not judged before
const NO_FACE_S = 3;

const REASONS = { cpu: "this machine is too busy", bandwidth: "the network is too slow", other: "it chose to" };

/** Differences between two looks at getStats(), as rates. */
export class Meter {
  constructor() {
    this.last = null;
  }

  async look(pc) {
    const now = flat(await pc.getStats());
    const before = this.last;
    this.last = now;
    if (!before || now.at <= before.at) return null;
    const seconds = (now.at - before.at) / 1000;
    const rate = (name) => Math.max(0, (now[name] - before[name]) / seconds);
    const mean = (sum, count) => (now[count] > before[count]
      ? (1000 * (now[sum] - before[sum])) / (now[count] - before[count]) : 0);
    return {
      sentKbps: (8 * rate("bytesSent")) / 1000,
      backKbps: (8 * rate("bytesReceived")) / 1000,
      sentFps: rate("framesEncoded"),
      shownFps: rate("framesDecoded"),
      encodeMs: mean("totalEncodeTime", "framesEncoded"),
      waitMs: mean("jitterBufferDelay", "jitterBufferEmittedCount"),
      decodeMs: mean("totalDecodeTime", "framesDecoded"),
      tripMs: 1000 * now.roundTrip,
      width: now.frameWidth,
      height: now.frameHeight,
      reason: now.reason,
    };
  }
}

function flat(report) {
  const found = { at: performance.now(), roundTrip: 0, reason: "none", frameWidth: 0, frameHeight: 0 };
  for (const name of ["bytesSent", "framesEncoded", "totalEncodeTime", "bytesReceived", "framesDecoded",
    "totalDecodeTime", "jitterBufferDelay", "jitterBufferEmittedCount"]) found[name] = 0;
  report.forEach((entry) => {
    if (entry.type === "outbound-rtp" && entry.kind === "video") {
      for (const name of ["bytesSent", "framesEncoded", "totalEncodeTime", "frameWidth", "frameHeight"]) {
        found[name] = entry[name] || 0;
      }
      found.reason = entry.qualityLimitationReason || "none";
    } else if (entry.type === "inbound-rtp" && entry.kind === "video") {
      for (const name of ["bytesReceived", "framesDecoded", "totalDecodeTime", "jitterBufferDelay",
        "jitterBufferEmittedCount"]) found[name] = entry[name] || 0;
    } else if (entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded") {
      found.roundTrip = entry.currentRoundTripTime || 0;
    }
  });
  return found;
}

/** Age of the picture on the screen, from the parts that were measured; null until all are. */
export function ageMs(browser, server, camera) {
  if (!browser || !server || server.server_age_ms === null) return null;
  // The server knows a picture to be whole when the next one begins: one interval.
  const interval = camera && server.fps_in ? 1000 / server.fps_in : 0;
  return (camera ? browser.encodeMs : 0) + interval + browser.tripMs + server.server_age_ms
    + (server.encode_ms || 0) + browser.waitMs + browser.decodeMs;
}

/** What makes the result doubtful, one sentence each; `limits` are the server's, as it measured them. */
export function warnings(browser, server, camera, limits) {
  const said = [];
  const settled = server && server.frames > SETTLING_FRAMES;
  if (settled && server.fps_in !== null && server.fps_in < limits.low_fps) {
    said.push(`Only ${server.fps_in.toFixed(0)} frames a second arrive: brief movements are missed. `
      + "More light, or a smaller picture, often helps.");
  }
  if (browser && camera && browser.width) {
    if (browser.width < camera.width) {
      said.push(`The browser sends ${browser.width}×${browser.height} instead of ${camera.width}×${camera.height}`
        + ` (${REASONS[browser.reason] || "it is still starting"}): small movements are lost.`);
    }
    const bits = (1000 * browser.sentKbps) / (browser.width * browser.height * Math.max(browser.sentFps, 1));
    // a picture without a face may be a plain wall, which needs few
    if (settled && bits < limits.thin_bits && browser.sentFps > 5 && !(server.no_face_s > NO_FACE_S)) {
      said.push(`Compression is too strong (${browser.sentKbps.toFixed(0)} kbit/s): small movements are smeared.`);
    }
  }
  if (server && server.no_face_s > NO_FACE_S) said.push("No face is in the picture.");
  if (server && server.waiting > 15) said.push("Analysis is behind the pictures; candidates come late.");
  for (const note of server?.notes || []) said.push(`${note[0].toUpperCase()}${note.slice(1)}.`);
  return said;
}
