// The last candidates as cards: class, bars, place, time, heat map. Long movements that may be speech or the head
// come twenty a minute while somebody talks: a line each, and only the last few stay.

const MOST = 20;
const MOST_LINES = 4;
const FLOODING = ["speech", "head_motion"];
const CLASSES = ["negative", "positive", "surprise"];

export class Cards {
  constructor(list) {
    this.list = list;
    this.clear();
  }

  clear() {
    this.list.replaceChildren(made("li", "flinch-none", "Nothing yet. A candidate appears as its movement ends."));
  }

  push(event) {
    this.list.querySelector(".flinch-none")?.remove();
    this.list.prepend(isDoubtful(event) ? line(event) : card(event));
    this.#keep(".flinch-card", MOST);
    this.#keep(".flinch-line", MOST_LINES);
  }

  #keep(kind, most) {
    [...this.list.querySelectorAll(kind)].slice(most).forEach((one) => one.remove());
  }
}

export function isDoubtful(event) {
  return event.type === "macro" && FLOODING.some((flag) => event.flags.includes(flag));
}

export function words(event) {
  const name = event.label === "unclear" ? "unclear" : `${event.label} ${percent(event.confidence)}`;
  return `Candidate ${event.event}: ${name}, ${event.type}, ${span(event)}`;
}

function card(event) {
  const item = made("li", `flinch-card flinch-is-${event.label}`);
  item.setAttribute("aria-label", words(event));
  const picture = made("img");
  picture.src = event.heat;
  picture.alt = "Where the face moved";
  picture.width = 72;
  picture.height = 95;
  const text = made("div", "flinch-card-text");
  const head = made("div", "flinch-card-head");
  head.append(made("strong", "", event.label), made("span", "flinch-kind", event.type));
  if (event.label !== "unclear") head.append(made("span", "flinch-sure", percent(event.confidence)));
  head.append(made("span", "flinch-number", `no. ${event.event}`));
  text.append(head, bars(event), made("div", "flinch-when", [span(event), where(event)].filter(Boolean).join(" · ")));
  if (event.flags.length) text.append(flags(event.flags));
  item.append(picture, text);
  return item;
}

function line(event) {
  const item = made("li", "flinch-line");
  item.setAttribute("aria-label", words(event));
  item.append(made("span", "flinch-when", [event.label, event.type, span(event)].join(" · ")), flags(event.flags));
  return item;
}

function bars(event) {
  const box = made("div", "flinch-bars");
  for (const name of CLASSES) {
    const share = event.classes[name] ?? 0;
    const bar = made("span", "flinch-bar");
    bar.setAttribute("role", "meter");
    bar.setAttribute("aria-label", name);
    bar.setAttribute("aria-valuemin", "0");
    bar.setAttribute("aria-valuemax", "100");
    bar.setAttribute("aria-valuenow", Math.round(100 * share));
    bar.style.setProperty("--share", share);
    bar.style.setProperty("--colour", `var(--flinch-${name})`);
    box.append(made("span", "flinch-bar-name", name), bar, made("span", "flinch-bar-share", percent(share)));
  }
  return box;
}

function flags(names) {
  const box = made("div", "flinch-flags");
  for (const name of names) box.append(made("span", "flinch-flag", name.replace("_", " ")));
  return box;
}

function where(event) {
  return event.where.map((name) => name.replaceAll("_", " ")).join(", ");
}

function span(event) {
  const length = Math.round(1000 * (event.offset_s - event.onset_s));
  return `${event.onset_s.toFixed(2)} to ${event.offset_s.toFixed(2)} s (${length} ms)`;
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

export function made(tag, name = "", text = "") {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
}
