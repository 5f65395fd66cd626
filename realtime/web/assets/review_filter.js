// Which candidates, in which order: the row above the list.

import { made } from "./review_api.js";

const FLAGS = ["blink", "speech", "head_motion", "light_change", "gapped", "low_fps", "edge"];
const CHOICES = {
  statuses: ["Status", ["pending", "accepted", "rejected"]],
  labels: ["Label", ["negative", "positive", "surprise", "unclear"]],
  kinds: ["Kind", ["micro", "macro"]],
};
const ORDERS = [["time", "time"], ["confidence", "confidence"], ["strength", "strength"], ["decided", "decision"]];

export class Filter {
  constructor(changed) {
    this.changed = changed;
    this.sessions = [];
    this.text = made("input", { type: "search", placeholder: "Search", title: "Session, source, person, note", "aria-label": "Search",
      oninput: () => this.#soon() });
    this.session = this.#choice("Session", []);
    this.source = this.#choice("Source", []);
    this.choices = Object.fromEntries(Object.entries(CHOICES).map(([name, [title, values]]) => [name, this.#choice(title, values)]));
    this.flags = this.#choice("Flags", []);
    this.flags.append(...FLAGS.flatMap((flag) => [this.#option(`+${flag}`, flag.replace("_", " ")), this.#option(`-${flag}`, `no ${flag.replace("_", " ")}`)]));
    this.flags.insertBefore(this.#option("-", "no flag at all"), this.flags.children[1]);
    this.least = made("input", { type: "range", min: 0, max: 100, step: 5, value: 0, "aria-label": "Least confidence",
      oninput: () => this.#sure() });
    this.sure = made("output", {}, "0 %");
    this.order = made("select", { "aria-label": "Sort by", onchange: () => this.changed() }, ...ORDERS.map(([value, words]) => this.#option(value, `by ${words}`)));
    this.down = made("button.flinch-way", { type: "button", "aria-pressed": "false", "aria-label": "Largest first", onclick: () => this.#turn() }, "↑");
    this.root = made("div.flinch-filter", { role: "search", "aria-label": "Filter" }, this.text, this.session, this.source,
      ...Object.values(this.choices), this.flags,
      made("label.flinch-least", {}, "confidence from", this.least, this.sure), made("span.flinch-order", {}, this.order, this.down));
  }

  // The sessions and sources there are; what was chosen stays chosen.
  offer(sessions) {
    this.sessions = sessions;
    this.#refill(this.session, sessions.map((one) => [one.id, `${one.name} (${one.events})`]));
    this.#refill(this.source, [...new Set(sessions.map((one) => one.source))].map((one) => [one, one]));
  }

  get isSet() {
    return [...this.query().keys()].some((key) => !["order", "descending"].includes(key));
  }

  query() {
    const asked = new URLSearchParams({ order: this.order.value });
    const add = (key, value) => { if (value) asked.append(key, value); };
    add("text", this.text.value.trim());
    add("sessions", this.session.value);
    add("sources", this.source.value);
    for (const [name, select] of Object.entries(this.choices)) add(name, select.value);
    if (this.flags.value === "-") FLAGS.forEach((flag) => add("without_flags", flag));
    else if (this.flags.value) add(this.flags.value[0] === "+" ? "flags" : "without_flags", this.flags.value.slice(1));
    if (this.least.value > 0) add("least", `${this.least.value / 100}`);
    if (this.down.getAttribute("aria-pressed") === "true") add("descending", "1");
    return asked;
  }

  #choice(title, values) {
    return made("select", { "aria-label": title, onchange: () => this.changed() }, this.#option("", `${title}: all`), ...values.map((one) => this.#option(one, one)));
  }

  #option(value, words) {
    return made("option", { value }, words);
  }

  #refill(select, options) {
    const text = JSON.stringify(options);
    if (select.dataset.is === text) return;
    const chosen = select.value;
    select.dataset.is = text;
    select.replaceChildren(select.children[0], ...options.map(([value, words]) => this.#option(value, words)));
    select.value = options.some(([value]) => value === chosen) ? chosen : "";
  }

  #sure() {
    this.sure.textContent = `${this.least.value} %`;
    this.#soon();
  }

  #turn() {
    const down = this.down.getAttribute("aria-pressed") !== "true";
    this.down.setAttribute("aria-pressed", `${down}`);
    this.down.textContent = down ? "↓" : "↑";
    this.changed();
  }

  #soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.changed(), 200);
  }
}
