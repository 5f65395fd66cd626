// The Live tab: <flinch-live>. Buttons, keys, and what is told to whom.

import { Cards, isDoubtful, words } from "./live_events.js";
import { showFigures, showWarnings } from "./live_figures.js";
import { Link, NoAnswer, NoCamera, openCamera } from "./live_link.js";
import { MARKUP } from "./live_markup.js";
import { Meter, warnings } from "./live_measure.js";
import { Overlay } from "./live_overlay.js";
import { Strip } from "./live_strip.js";

const RETRIES = 3;
const RETRY_MS = 1500;
const LOOK_MS = 1000;
const KEYS = { s: "start", r: "record", e: "mark", b: "baseline", o: "overlay" };

class Live extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.innerHTML = MARKUP;
    this.state = "idle";
    this.turn = 0; // counts starts and ends: what belongs to an earlier one is void
    this.why = ""; // no camera is used
    this.overlay = new Overlay();
    this.meter = new Meter();
    this.video = this.querySelector("video");
    this.strip = new Strip(this.querySelector("canvas"));
    this.cards = new Cards(this.querySelector(".flinch-events"));
    this.sourceName = this.dataset.source || "demo";
    this.control("source").options[1].textContent = this.sourceName;
    this.addEventListener("click", (event) => this.#do(event.target.closest("[data-do]")?.dataset.do));
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("pagehide", () => this.link?.stop());
    this.#buttons();
  }

  get running() {
    return Boolean(this.link) || this.state === "starting";
  }

  control(name) {
    return this.querySelector(`[data-is=${name}]`);
  }

  button(name) {
    return this.querySelector(`[data-do=${name}]`);
  }

  #key(event) {
    const inText = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (inText || event.ctrlKey || event.metaKey || event.altKey || !this.offsetParent) return;
    const name = KEYS[event.key.toLowerCase()];
    if (!name || this.button(name).disabled) return;
    event.preventDefault();
    this.#do(name);
  }

  #do(name) {
    if (name === "start") this.running ? this.stop() : this.start();
    if (!this.link) return;
    if (name === "record") this.link.send({ kind: "record", on: !this.stats?.recording });
    if (name === "mark") this.link.send({ kind: "mark" });
    if (name === "baseline") this.link.send({ kind: "baseline" });
    if (name === "overlay") this.#nextOverlay();
  }

  #nextOverlay() {
    this.overlay.next();
    this.#sendOverlay();
    this.#buttons();
  }

  #sendOverlay() {
    this.link.send({ kind: "layers", names: this.overlay.layers });
  }

  // beginning and end

  async start(retry = 0) {
    const turn = (this.turn += 1);
    this.retry = retry; // which attempt this is; 0 again once there is a picture
    this.state = "starting";
    this.#say("Starting …");
    this.#buttons();
    try {
      const { stream, why } = await this.#stream();
      if (turn !== this.turn) return stream?.getTracks().forEach((track) => track.stop());
      this.why = why;
      await this.#connect(new Link(stream));
    } catch (error) {
      if (turn !== this.turn) return;
      const { link } = this;
      this.link = null; // what it says of its end is not the reason
      link?.stop();
      this.#ended(error.message, { bad: true, next: error instanceof NoAnswer && this.retry ? this.retry + 1 : 0 });
    }
  }

  /** The camera's pictures, or why there are none. */
  async #stream() {
    if (this.control("source").value === "own") return { stream: null, why: "" };
    try {
      return { stream: await openCamera(this.control("size").value), why: "" };
    } catch (error) {
      if (!(error instanceof NoCamera)) throw error;
      const played = this.sourceName === "demo" ? "the built-in demo" : this.sourceName;
      return { stream: null, why: `${error.message} Playing ${played}.` };
    }
  }

  async #connect(link) {
    this.link = link;
    this.strip.clear();
    this.cards.clear();
    this.meter = new Meter();
    this.browser = null;
    const own = (does) => ({ detail }) => link === this.link && does(detail);
    link.addEventListener("picture", own((stream) => this.#picture(stream)));
    link.addEventListener("message", own((message) => this.#heard(message)));
    link.addEventListener("end", own(({ why, lost }) => this.#ended(why, { bad: lost, next: lost ? this.retry + 1 : 0 })));
    await link.open();
    if (link.ended) return;
    this.strip.run();
    this.looking = setInterval(() => this.#look(), LOOK_MS);
    this.#buttons();
  }

  stop() {
    if (this.link) this.link.stop();
    else this.#ended("Stopped.");
  }

  /** `next`: which attempt to begin anew shall follow; 0: none. */
  #ended(why, { bad = false, next = 0 } = {}) {
    const turn = (this.turn += 1);
    const again = next > 0 && next <= RETRIES;
    clearInterval(this.looking);
    this.strip.stop();
    this.link = null;
    this.stats = null;
    this.why = "";
    this.state = again ? "starting" : "idle";
    this.video.srcObject = this.video.onplaying = null;
    this.classList.remove("flinch-on");
    this.#say(again ? `${why} Trying again …` : why, bad ? "bad" : "");
    this.#buttons();
    this.#warn([]);
    if (again) setTimeout(() => turn === this.turn && this.start(next), RETRY_MS * next);
  }

  // what comes

  #picture(stream) {
    this.video.srcObject = stream;
    this.video.onplaying = () => {
      this.state = "live";
      this.retry = 0;
      this.classList.add("flinch-on");
      this.#say("Live.");
      this.overlay.begin(this.link.layers);
      if (this.overlay.chosen) this.#sendOverlay();
      this.#measured();
    };
    this.video.play().catch(() => {}); // it plays by itself as soon as there is a picture
  }

  #heard(message) {
    if (message.kind === "signal") this.strip.push(message.rows);
    if (message.kind === "event") {
      this.strip.mark(message);
      this.cards.push(message);
      if (!isDoubtful(message)) this.#say(words(message));
      this.dispatchEvent(new CustomEvent("flinch-event", { detail: message, bubbles: true }));
    }
    if (message.kind === "stats") {
      this.stats = message;
      this.#measured();
    }
  }

  async #look() {
    const link = this.link;
    if (!link || link.ended) return;
    const seen = await this.meter.look(link.pc);
    if (link !== this.link) return;
    this.browser = seen || this.browser;
    this.#measured();
  }

  // what is shown

  #say(text, kind = "") {
    const line = this.querySelector(".flinch-status");
    line.textContent = text;
    line.dataset.kind = kind;
    if (this.state !== "live") this.querySelector(".flinch-cover-words").textContent = text;
  }

  #buttons() {
    const on = this.running;
    const recording = Boolean(this.stats?.recording);
    const start = this.button("start");
    start.textContent = on ? "Stop" : "Start";
    start.classList.toggle("flinch-go", !on);
    for (const name of ["record", "mark", "baseline", "overlay"]) this.button(name).disabled = this.state !== "live";
    for (const name of ["source", "size"]) this.control(name).disabled = on;
    this.button("mark").disabled ||= !recording;
    this.button("record").setAttribute("aria-pressed", recording);
    this.button("record").textContent = recording ? "Stop recording" : "Record";
    this.button("overlay").textContent = `Overlay: ${this.overlay.name}`;
    this.querySelector(".flinch-recording").hidden = !recording;
  }

  #measured() {
    const { browser, stats } = this;
    const camera = this.link.settings;
    this.#buttons();
    showFigures(this.querySelector(".flinch-figures"), browser, stats, camera);
    this.#warn([...(this.why ? [this.why] : []), ...warnings(browser, stats, camera, this.link.limits || {})]);
  }

  #warn(said) {
    showWarnings(this.querySelector(".flinch-warnings"), said);
  }
}

customElements.define("flinch-live", Live);
