// What was measured as a list of terms, and the warnings below the picture.

import { ageMs } from "./live_measure.js";

const CAUSES = {
  frames_behind_seconds: "frames (analysis too slow)",
  frames_behind_bytes: "frames (too large to wait)",
  browser_frames_behind: "frames (server too slow)",
  recognition_behind: "candidates (recognition too slow)",
  recording_behind: "pictures of the recording",
};

export function showFigures(list, browser, stats, camera) {
  list.replaceChildren(...rows(browser, stats, camera).flatMap(([name, text]) => {
    const term = document.createElement("dt");
    const value = document.createElement("dd");
    term.textContent = name;
    value.textContent = text;
    return [term, value];
  }));
}

/** Only what has changed is shown anew: it is read aloud. */
export function showWarnings(list, said) {
  if (list.dataset.said === said.join("|")) return;
  list.dataset.said = said.join("|");
  list.replaceChildren(...said.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

function rows(browser, stats, camera) {
  const number = (value, unit, digits = 0) => (value === null || value === undefined ? "–" : `${value.toFixed(digits)} ${unit}`);
  const model = stats?.model || {};
  const dropped = Object.entries(stats?.dropped || {});
  const age = ageMs(browser, stats, camera);
  const found = [
    ["Frames in", number(stats?.fps_in, "per second", 1)],
    ["Frames analysed", number(stats?.fps_analysed, "per second", 1)],
    ["Frames back", number(browser?.shownFps ?? null, "per second", 1)],
    ["Age on screen", age === null ? "–" : `about ${age.toFixed(0)} ms`],
  ];
  if (camera) {
    found.push(["Camera", `${camera.width}×${camera.height} at ${number(camera.frameRate ?? null, "fps")}`]);
    found.push(["Sent", browser?.width ? `${browser.width}×${browser.height}, ${number(browser.sentKbps, "kbit/s")}` : "–"]);
    found.push(["Reduced by", { none: "nothing", cpu: "a busy machine", bandwidth: "the network" }[browser?.reason] || "–"]);
  } else {
    found.push(["Source", stats?.source || "–"]);
  }
  found.push(["Back", number(browser?.backKbps ?? null, "kbit/s")]);
  found.push(["Lost", dropped.map(([cause, count]) => `${count} ${CAUSES[cause] || cause}`).join(", ") || "nothing"]);
  found.push(["Engine", model.name ? `${model.name} on ${model.backend} ${model.version}` : "loading"]);
  return found;
}
