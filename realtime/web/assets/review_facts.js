// What is known of one candidate, in words and bars.

import { made, when } from "./review_api.js";

const CLASSES = ["negative", "positive", "surprise"];

export function factsOf(event) {
  const length_ms = Math.round((event.marks.offset.s - event.marks.onset.s) * 1000);
  const { label, onset, apex, offset } = event.found;
  const rows = [["Duration", `${length_ms} ms`], ["Strength", strengthOf(event)],
    ["Moved most", event.regions.slice(0, 3).map((one) => `${one.name} ${one.px.toFixed(1)} px`).join(", ")],
    ["Flags", event.flags.map((flag) => flag.replace("_", " ")).join(", ") || "none"],
    ["Found as", `${label}, frames ${onset} – ${apex} – ${offset}`],
    ["Decided", event.decided ? when(event.decided) : "not yet"]];
  return [barsOf(event), made("dl.flinch-figures", {},
    ...rows.flatMap(([name, words]) => [made("dt", {}, name), made("dd", {}, words)]))];
}

function strengthOf(event) {
  const { spot_score: score, spot_unit: unit } = event;
  return unit === "evidence" ? `evidence ${score.toFixed(2)}` : `${score.toFixed(1)} × noise`;
}

function barsOf(event) {
  return made("div.flinch-bars", {}, ...CLASSES.flatMap((label) => {
    const share = event.probabilities[label];
    return [made("span", {}, label), made("span.flinch-bar", { style: `--share: ${share}; --colour: var(--flinch-${label})` }),
      made("span.flinch-bar-share", {}, `${Math.round(share * 100)} %`)];
  }));
}
