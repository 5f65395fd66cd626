// The Live tab: <flinch-live>. Buttons, keys, and what is told to whom.

import { Cards, isDoubtful, words } from "./live_events.js";
import { Link, NoCamera, openCamera } from "./live_link.js";
import { Meter, ageMs, warnings } from "./live_measure.js";
import { Strip } from "./live_strip.js";

const RETRIES = 3;
const RETRY_MS = 1500;
const LOOK_MS = 1000;
const LAYERS = { all: ["outline", "regions"], heat: ["outline", "regions", "heat"], none: [] };
const CAUSES = {
  frames_behind_seconds: "frames (analysis too slow)",
  frames_behind_bytes: "frames (too large to wait)",
  browser_frames_behind: "frames (server too slow)",
  recognition_behind: "candidates (recognition too slow)",
  recording_behind: "pictures of the recording",
};
const KEYS = { s: "start", r: "record", e: "mark", b: "baseline", o: "overlay" };

const MARKUP = `
<div class="flinch-live">
  <section class="flinch-main" aria-label="Live picture">
    <div class="flinch-stage">
      <video class="flinch-video" autoplay muted playsinline aria-label="Annotated picture"></video>
      <div class="flinch-cover"><p class="flinch-cover-words">Press Start. The browser asks for the camera;
        without one the demo plays.</p></div>
      <span class="flinch-pill flinch-recording" hidden>● recording</span>
    </div>
    <div class="flinch-buttons" role="toolbar" aria-label="Live">
      <button type="button" data-do="start" class="flinch-go" aria-keyshortcuts="S">Start</button>
      <button type="button" data-do="record" aria-pressed="false" aria-keyshortcuts="R" disabled>Record</button>
      <button type="button" data-do="mark" aria-keyshortcuts="E" disabled>Mark</button>
      <button type="button" data-do="baseline" aria-keyshortcuts="B" disabled
        title="The face is at rest now: measure its noise anew">Neutral now</button>
      <button type="button" data-do="overlay" aria-keyshortcuts="O" disabled>Overlay: lines</button>
      <span class="flinch-choices"><label>Source <select data-is="source" aria-label="Source"><option value="camera">camera</option>
        <option value="own">demo</option></select></label>
      <label>Picture <select data-is="size" aria-label="Size of the picture"><option value="best">highest</option>
        <option value="hd">1280×720</option><option value="vga">640×480</option></select></label></span>
    </div>
    <p class="flinch-status" role="status" aria-live="polite"></p>
    <ul class="flinch-warnings" aria-live="polite" aria-label="Warnings"></ul>
    <h3>Movement <small>from 1 on it is spotted</small></h3>
    <canvas class="flinch-strip" role="img"
      aria-label="Movement of each face over the last seconds, with the threshold and the candidates"></canvas>
    <p class="flinch-keys">Keys: <kbd>S</kbd> start or stop, <kbd>R</kbd> record, <kbd>E</kbd> mark a moment,
      <kbd>B</kbd> neutral now, <kbd>O</kbd> overlay</p>
  </section>
  <aside class="flinch-side">
    <section aria-label="Last candidates">
      <h3>Candidates <small>never verdicts</small></h3>
      <ol class="flinch-events"></ol>
    </section>
    <section aria-label="Measured">
      <h3>Measured</h3>
      <dl class="flinch-figures"></dl>
    </section>
  </aside>
</div>`;

class Live extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.innerHTML = MARKUP;
    this.state = "idle";
    this.overlay = "all";
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
    if (name === "start") (this.link || this.state === "starting") ? this.stop() : this.start();
    if (!this.link) return;
    if (name === "record") this.link.send({ kind: "record", on: !this.stats?.recording });
    if (name === "mark") this.link.send({ kind: "mark" });
    if (name === "baseline") this.link.send({ kind: "baseline" });
    if (name === "overlay") this.#nextOverlay();
  }

  #nextOverlay() {
    const names = Object.keys(LAYERS);
    this.overlay = names[(names.indexOf(this.overlay) + 1) % names.length];
    this.#sendOverlay();
  }

  #sendOverlay() {
    this.link.send({ kind: "layers", names: LAYERS[this.overlay] });
    this.button("overlay").textContent = `Overlay: ${{ all: "lines", heat: "lines and heat", none: "none" }[this.overlay]}`;
  }

  // beginning and end

  async start(retry = 0) {
    this.state = "starting";
    this.wanted = true;
    this.#say("Starting …");
    this.#buttons();
    try {
      const stream = await this.#stream();
      if (!this.wanted) return stream?.getTracks().forEach((track) => track.stop());
      await this.#connect(new Link(stream), retry);
    } catch (error) {
      this.link?.stop();
      this.link = null;
      this.state = "idle";
      this.#say(error.message, "bad");
      this.#buttons();
    }
  }

  async #stream() {
    this.why = "";
    if (this.control("source").value === "own") return null;
    try {
      return await openCamera(this.control("size").value);
    } catch (error) {
      if (!(error instanceof NoCamera)) throw error;
      this.why = `${error.message} Playing ${this.sourceName === "demo" ? "the built-in demo" : this.sourceName}.`;
      return null;
    }
  }

  async #connect(link, retry) {
    this.link = link;
    this.strip.clear();
    this.cards.clear();
    this.meter = new Meter();
    this.stats = null;
    link.addEventListener("picture", (event) => this.#picture(event.detail));
    link.addEventListener("message", (event) => this.#heard(event.detail));
    link.addEventListener("end", (event) => this.#ended(link, event.detail, retry));
    await link.open();
    this.strip.run();
    this.looking = setInterval(() => this.#look(), LOOK_MS);
    this.#buttons();
  }

  stop() {
    this.wanted = false;
    if (this.link) this.link.stop();
    else this.#ended(null, { why: "Stopped.", lost: false }, RETRIES);
  }

  #ended(link, { why, lost }, retry) {
    if (link !== this.link && link !== null) return;
    clearInterval(this.looking);
    this.strip.stop();
    this.link = null;
    this.state = "idle";
    this.video.srcObject = null;
    this.classList.remove("flinch-on");
    this.#say(why, lost ? "bad" : "");
    this.#buttons();
    if (lost && this.wanted && retry < RETRIES) {
      this.#say(`${why} Trying again …`, "bad");
      setTimeout(() => this.wanted && !this.link && this.start(retry + 1), RETRY_MS * (retry + 1));
    }
  }

  // what comes

  #picture(stream) {
    this.video.srcObject = stream;
    this.video.onplaying = () => {
      this.state = "live";
      this.classList.add("flinch-on");
      this.#say(this.why || "Live.", this.why ? "bad" : "");
      if (this.overlay !== "all") this.#sendOverlay();
      this.#buttons();
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
      this.#figures();
    }
  }

  async #look() {
    const link = this.link;
    if (!link || link.ended) return;
    this.browser = (await this.meter.look(link.pc)) || this.browser;
    this.#figures();
  }

  // what is shown

  #say(text, kind = "") {
    const line = this.querySelector(".flinch-status");
    line.textContent = text;
    line.dataset.kind = kind;
    if (this.state !== "live") this.querySelector(".flinch-cover-words").textContent = text;
  }

  #buttons() {
    const on = Boolean(this.link);
    const start = this.button("start");
    start.textContent = on || this.state === "starting" ? "Stop" : "Start";
    start.classList.toggle("flinch-go", !on);
    for (const name of ["record", "mark", "baseline", "overlay"]) this.button(name).disabled = this.state !== "live";
    for (const name of ["source", "size"]) this.control(name).disabled = on;
    this.button("mark").disabled ||= !this.stats?.recording;
  }

  #figures() {
    const { browser, stats } = this;
    const camera = this.link?.settings || null;
    const recording = Boolean(stats?.recording);
    this.querySelector(".flinch-recording").hidden = !recording;
    this.button("record").setAttribute("aria-pressed", recording);
    this.button("record").textContent = recording ? "Stop recording" : "Record";
    this.#buttons();
    const list = this.querySelector(".flinch-figures");
    list.replaceChildren(...rows(browser, stats, camera).flatMap(([name, text]) => {
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = name;
      value.textContent = text;
      return [term, value];
    }));
    const said = warnings(browser, stats, camera, this.link?.limits || {});
    const items = this.querySelector(".flinch-warnings");
    if (items.dataset.said === said.join("|")) return;
    items.dataset.said = said.join("|");
    items.replaceChildren(...said.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  }
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

customElements.define("flinch-live", Live);
