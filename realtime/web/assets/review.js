// The Review tab: <flinch-review>, candidates one by one, and <flinch-sessions> in its own file.

import * as api from "./review_api.js";
import { made, refOf } from "./review_api.js";
import { factsOf } from "./review_facts.js";
import { Filter } from "./review_filter.js";
import { List } from "./review_list.js";
import { Loop } from "./review_loop.js";
import "./review_sessions.js";

const LABELS = ["negative", "positive", "surprise", "unclear"];
const MARKS = ["onset", "apex", "offset"];
const LOOK_MS = 4000;
const HELP = [["J K", "next, previous"], ["A X", "accept, reject"], ["1 2 3 4", "negative, positive, surprise, unclear"],
  ["O P F", "choose onset, peak (apex), offset"], ["← →", "shift the chosen mark by a frame"], [", .", "step through the loop"],
  ["Space", "play or pause"], ["H", "heat map"], ["U", "undo"]];

class Review extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.found = [];
    this.current = null;
    this.mark = "onset";
    this.filter = new Filter(() => this.load());
    this.list = new List((ref) => this.select(ref));
    this.count = made("p.flinch-count", { role: "status" });
    this.status = made("p.flinch-status", { role: "status", "aria-live": "polite" });
    this.detail = made("section.flinch-detail", { "aria-label": "Candidate", hidden: true });
    this.empty = made("p.flinch-none.flinch-empty", {},
      "Nothing to review yet. Watch live, replay a clip, or import what was exported before.");
    this.#build();
    const side = made("div.flinch-found-side", {}, this.count, this.list.root);
    this.append(made("div.flinch-review", {}, this.filter.root, this.empty,
      made("div.flinch-desk", {}, side, this.detail), this.status));
    document.addEventListener("keydown", (event) => this.#key(event));
    new IntersectionObserver(([seen]) => seen.isIntersecting && this.load()).observe(this);
    setInterval(() => this.#visible() && !document.hidden && this.load(), LOOK_MS);
  }

  #build() {
    const loop = made("div.flinch-loop");
    this.loop = new Loop(loop, (mark) => this.choose(mark));
    this.head = made("header.flinch-detail-head");
    this.facts = made("div.flinch-facts");
    this.labels = made("div.flinch-buttons", { role: "group", "aria-label": "Label" }, ...LABELS.map((label, i) =>
      made(`button.flinch-label.flinch-as-${label}`, { type: "button", "data-label": label, "aria-keyshortcuts": `${i + 1}`,
        onclick: () => this.decide({ label }) }, label)));
    this.marks = made("div.flinch-marks", { role: "group", "aria-label": "Marks" }, ...MARKS.map((mark) => this.#markBox(mark)));
    this.note = made("input.flinch-note", { type: "text", placeholder: "Note", "aria-label": "Note", maxlength: "2000",
      onchange: () => this.decide({ note: this.note.value }) });
    const button = (name, keys, words, act) => made("button", { type: "button", "data-do": name, "aria-keyshortcuts": keys, onclick: act }, words);
    this.decision = made("div.flinch-buttons.flinch-decision", { role: "group", "aria-label": "Decision" },
      button("accept", "A", "Accept", () => this.status_("accepted")), button("reject", "X", "Reject", () => this.status_("rejected")),
      button("undo", "U", "Undo", () => this.decide({ do: "undo" })), this.note);
    const player = made("div.flinch-buttons.flinch-player", { role: "group", "aria-label": "Loop" },
      button("back", ",", "‹ frame", () => this.loop.step(-1)), button("play", "Space", "Pause", () => this.#play()),
      button("on", ".", "frame ›", () => this.loop.step(1)), button("heat", "H", "Heat map", () => this.#heat()));
    this.player = player;
    player.querySelector("[data-do=heat]").setAttribute("aria-pressed", "true");
    const [stage, curve] = loop.children;
    const keys = made("p.flinch-keys", {}, ...HELP.flatMap(([key, words], i) =>
      [i ? " · " : "", ...key.split(" ").map((one) => made("kbd", {}, one)), ` ${words}`]));
    this.detail.append(this.head, made("div.flinch-look", {}, made("div.flinch-loop", {}, stage, player), this.facts),
      curve, this.marks, made("div.flinch-decide", {}, this.labels, this.decision), keys);
    this.loop.root = this.detail;
  }

  #markBox(mark) {
    const shift = (steps) => () => { this.choose(mark); this.shift(steps); };
    return made("div.flinch-mark", { "data-mark": mark },
      made("button.flinch-mark-name", { type: "button", onclick: () => { this.choose(mark); this.loop.seekTo(mark); } }, mark),
      made("button", { type: "button", "aria-label": `${mark} one frame earlier`, onclick: shift(-1) }, "−"),
      made("output", { "aria-label": mark }),
      made("button", { type: "button", "aria-label": `${mark} one frame later`, onclick: shift(1) }, "+"));
  }

  #visible() {
    return this.offsetParent !== null;
  }

  get ref() {
    return this.current && refOf(this.current);
  }

  async load() {
    try {
      const sessions = await api.sessions();
      this.filter.offer(sessions);
      const { events, more } = await api.events(this.filter.query());
      this.found = events;
      this.count.textContent = `${events.length}${more ? "+" : ""} candidate${events.length === 1 ? "" : "s"}`;
      this.empty.hidden = this.filter.isSet || events.length > 0;
      const lives = events.length && sessions.some((one) => one.id === this.current?.session);
      if (this.current && !lives) this.#drop();
      this.list.show(events, this.ref);
      if (this.status.dataset.by === "load") this.#say("");
      if (!this.current && events.length) await this.select(refOf(events[0]));
      else if (this.current && !this.current.evidence) await this.#completed();
    } catch (error) {
      this.#say(error.message, "bad", "load");
    }
  }

  // Nothing is left of the candidate that was shown: it may be somebody who was deleted.
  #drop() {
    this.current = null;
    this.detail.hidden = true;
    this.loop.clear();
  }

  // The pictures of a fresh candidate come half a second after it.
  async #completed() {
    const listed = this.found.find((one) => refOf(one) === this.ref);
    if (listed?.evidence) await this.select(refOf(listed));
  }

  async select(ref) {
    try {
      this.#show(await api.event(ref));
      this.#say("");
      this.list.reveal(ref);
    } catch (error) {
      this.#say(error.message, "bad");
    }
  }

  #show(event) {
    this.current = event;
    this.detail.hidden = false;
    this.detail.dataset.status = event.status;
    const session = this.filter.sessions.find((one) => one.id === event.session);
    this.head.replaceChildren(
      made(`span.flinch-pill-label.flinch-as-${event.label}`, {}, event.label),
      made("span", {}, `${event.kind} candidate ${event.event}`),
      made("span.flinch-when", {}, `${session?.name ?? event.source}${session?.kept ? "" : " · not kept"} · face ${event.face}`),
      made("span.flinch-status-word", {}, event.status));
    this.facts.replaceChildren(...factsOf(event));
    this.loop.show(event, this.mark);
    for (const button of this.labels.children) button.setAttribute("aria-pressed", `${button.dataset.label === event.label}`);
    this.decision.querySelector("[data-do=accept]").setAttribute("aria-pressed", `${event.status === "accepted"}`);
    this.decision.querySelector("[data-do=reject]").setAttribute("aria-pressed", `${event.status === "rejected"}`);
    this.decision.querySelector("[data-do=undo]").disabled = event.decided === null;
    this.player.hidden = !event.series;
    for (const box of this.marks.children) {
      const { frame, s } = event.marks[box.dataset.mark];
      box.querySelector("output").textContent = `frame ${frame} · ${s.toFixed(3)} s`;
    }
    if (document.activeElement !== this.note) this.note.value = event.note;
    this.choose(this.mark, false);
    this.list.highlight(this.ref);
  }

  // One after another, in the order of the keys.
  decide(wish) {
    const { ref } = this;
    this.waiting = (this.waiting ?? Promise.resolve()).then(() => ref && this.#decide(ref, wish));
    return this.waiting;
  }

  async #decide(ref, wish) {
    try {
      const event = await api.decide(ref, wish);
      if (this.ref !== ref) return void this.load();
      this.#show(event);
      this.#say("");
      const listed = this.found.find((one) => refOf(one) === refOf(event));
      if (listed) {
        for (const key of Object.keys(listed)) if (key in event) listed[key] = event[key];
        this.list.show(this.found, ref);
      }
    } catch (error) {
      this.#say(error.message, "bad");
    }
  }

  status_(status) {
    return this.decide({ status: this.current?.status === status ? "pending" : status });
  }

  choose(mark, redraw = true) {
    this.mark = mark;
    for (const box of this.marks.children) box.classList.toggle("active", box.dataset.mark === mark);
    if (redraw && this.current) this.loop.show(this.current, mark);
  }

  async shift(steps) {
    await this.decide({ do: "shift", mark: this.mark, steps });
    this.loop.seekTo(this.mark);
    this.#playing(false);
  }

  move(by) {
    const at = this.found.findIndex((one) => refOf(one) === this.ref);
    const next = this.found[Math.min(this.found.length - 1, Math.max(0, at + by))];
    if (next) this.select(refOf(next));
  }

  #play() { this.#playing(this.loop.togglePlay()); }

  #playing(plays) { this.player.querySelector("[data-do=play]").textContent = plays ? "Pause" : "Play"; }

  #heat() { this.player.querySelector("[data-do=heat]").setAttribute("aria-pressed", `${this.loop.toggleHeat()}`); }

  #say(words, kind = "", by = "") {
    this.status.textContent = words;
    Object.assign(this.status.dataset, { kind, by });
  }

  #key(event) {
    if (!this.#visible() || !this.current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    if (event.key === " " && event.target.closest("button, a, [role=tab]")) return; // it presses that
    if (event.key.startsWith("Arrow") && event.target.closest("[role=tab]")) return;
    const keys = { j: () => this.move(1), k: () => this.move(-1), a: () => this.status_("accepted"), x: () => this.status_("rejected"),
      u: () => this.decide({ do: "undo" }), h: () => this.#heat(), " ": () => this.#play(), o: () => this.choose("onset"), p: () => this.choose("apex"),
      f: () => this.choose("offset"), ArrowLeft: () => this.shift(-1), ArrowRight: () => this.shift(1),
      ",": () => { this.loop.step(-1); this.#playing(false); }, ".": () => { this.loop.step(1); this.#playing(false); } };
    LABELS.forEach((label, i) => { keys[`${i + 1}`] = () => this.decide({ label }); });
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

customElements.define("flinch-review", Review);
