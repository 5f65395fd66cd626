// One event as a slow loop with its heat, and the score curve whose cursor goes with it.

import { made, refOf } from "./review_api.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 190, LEAST_WIDTH = 280, LEFT = 34, RIGHT = 10, TOP = 24, BOTTOM = 24;
const MARKS = ["onset", "apex", "offset"];
const MOST_THRESHOLDS = 6;

export class Loop {
  constructor(root, chosen) {
    this.root = root;
    this.chosen = chosen; // called with a mark's name when it is clicked
    this.video = made("video", { muted: true, loop: true, autoplay: true, playsinline: true,
      "aria-label": "Slow-motion loop of the face during this movement" });
    this.video.muted = true;
    this.heat = made("img.flinch-heat", { alt: "Heat map: where the skin moved from onset to apex" });
    this.none = made("p.flinch-none", { hidden: true }, "No pictures were kept with this event. For recordings: ",
      made("code", {}, "python -m realtime.review.again --data DIR"));
    this.legend = made("div.flinch-legend", { "aria-hidden": "true" });
    this.stage = made("div.flinch-loop-stage", {}, this.video, this.heat, this.none, this.legend);
    this.curve = document.createElementNS(SVG, "svg");
    this.curve.setAttribute("class", "flinch-curve");
    this.curve.setAttribute("role", "img");
    root.append(this.stage, this.curve);
    this.curve.addEventListener("click", (event) => this.#jump(event));
    this.width = 640;
    new ResizeObserver(() => this.#fit()).observe(this.curve);
    this.#follow();
  }

  // The curve is drawn in pixels of the screen, so that its words are as large on a phone.
  #fit() {
    const width = Math.max(LEAST_WIDTH, Math.round(this.curve.clientWidth));
    if (!this.curve.clientWidth || width === this.width) return;
    this.width = width;
    if (this.event) this.#draw(this.shownMark);
  }

  // `event`: the detail as the server tells it. The film is only fetched for another event.
  show(event, mark) {
    const ref = refOf(event);
    const series = event.series;
    this.event = event;
    this.series = series;
    for (const part of [this.video, this.heat, this.legend]) part.hidden = !series;
    this.none.hidden = !!series;
    this.#draw(mark);
    if (!series) {
      this.#empty();
      return;
    }
    const at = JSON.stringify(event.marks);
    if (this.ref !== ref) {
      this.video.src = `/review/loop/${ref}`;
      this.stage.style.aspectRatio = `${series.width} / ${series.height}`;
      const inset = `${series.inset * 100}%`;
      Object.assign(this.heat.style, { left: inset, right: inset, top: inset, bottom: inset });
      this.video.play().catch(() => {});
    }
    if (this.ref !== ref || this.moved !== at) this.#warm(ref, at);
    this.ref = ref;
    this.moved = at;
  }

  // No event at all: neither film nor heat nor curve is kept.
  clear() {
    this.event = this.series = null;
    this.#empty();
    this.curve.replaceChildren();
  }

  #empty() {
    this.video.removeAttribute("src");
    this.video.load();
    this.#heated(null);
    this.ref = this.moved = null;
  }

  #heated(picture) {
    if (this.heat.src) URL.revokeObjectURL(this.heat.src);
    if (picture) this.heat.src = URL.createObjectURL(picture);
    else this.heat.removeAttribute("src");
  }

  async #warm(ref, at) {
    const answer = await fetch(`/review/heat/${ref}?at=${encodeURIComponent(at)}`, { cache: "no-store" });
    const picture = await answer.blob();
    if (!answer.ok || this.ref !== ref || this.moved !== at) return;
    const range = answer.headers.get("x-range-px");
    this.#heated(picture);
    this.legend.replaceChildren(made("span", {}, `${Number(range).toFixed(1)} px`), made("i"), made("span", {}, "0"));
  }

  toggleHeat() {
    const off = this.stage.classList.toggle("flinch-no-heat");
    return !off;
  }

  togglePlay() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
    return !this.video.paused;
  }

  // To the next or last picture, or to a mark.
  step(by) {
    if (!this.series) return;
    const last = this.series.shown_s.length - 1;
    this.seek(Math.min(last, Math.max(0, this.position() + by)));
  }

  seekTo(mark) {
    if (this.series) this.seek(this.#row(this.event.marks[mark].frame));
  }

  seek(row) {
    this.video.pause();
    const shown = this.series.shown_s;
    const next = shown[row + 1] ?? shown[row] + (shown[row] - (shown[row - 1] ?? 0));
    this.video.currentTime = (shown[row] + next) / 2; // the middle of the time it is shown
    this.#cursor(row);
  }

  position() {
    const shown = this.series.shown_s;
    let row = 0;
    while (row + 1 < shown.length && shown[row + 1] <= this.video.currentTime + 1e-4) row += 1;
    return row;
  }

  #row(frame) {
    const row = this.series.frames.findIndex((one) => one >= frame);
    return row < 0 ? this.series.frames.length - 1 : row;
  }

  #follow() {
    const look = () => {
      if (!this.root.isConnected) return;
      if (this.series && !this.video.paused) this.#cursor(this.position());
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }

  #x(t_s) {
    const times = this.series.t_s;
    const span = times[times.length - 1] - times[0] || 1;
    return LEFT + ((t_s - times[0]) / span) * (this.width - LEFT - RIGHT);
  }

  #y(score) {
    return HEIGHT - BOTTOM - Math.min(1, score / this.top) * (HEIGHT - TOP - BOTTOM);
  }

  #draw(mark) {
    this.shownMark = mark;
    this.curve.replaceChildren();
    this.curve.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    this.curve.toggleAttribute("hidden", !this.series);
    if (!this.series) return;
    const { scores, thresholds, t_s } = this.series;
    const limit = Math.max(...thresholds.filter((one) => one !== null), 0);
    const highest = Math.max(...scores.filter((one) => one !== null), 1);
    this.top = Math.max(Math.min(highest, MOST_THRESHOLDS * (limit || highest)), limit) * 1.12;
    this.#span();
    this.#scale(limit);
    if (limit) this.#line("threshold", thresholds.map((one, i) => [t_s[i], one]));
    this.#line("score", scores.map((one, i) => [t_s[i], one]));
    MARKS.forEach((name) => this.#mark(name, name === mark));
    this.cursor = this.#add("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
    this.#cursor(this.ref === refOf(this.event) ? this.position() : 0);
    const { marks } = this.event;
    this.curve.setAttribute("aria-label", `Score curve. ${MARKS.map((name) =>
      `${name} at frame ${marks[name].frame}, ${marks[name].s.toFixed(3)} seconds`).join("; ")}`);
  }

  #span() {
    const { onset, offset } = this.event.marks;
    const x = this.#x(onset.s);
    this.#add("rect", { class: `span flinch-fill-${this.event.label}`, x, y: TOP,
      width: Math.max(1, this.#x(offset.s) - x), height: HEIGHT - TOP - BOTTOM });
  }

  #scale(limit) {
    const { t_s } = this.series;
    this.#add("line", { class: "axis", x1: LEFT, x2: this.width - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM });
    for (let tenth = Math.ceil(t_s[0] * 5); tenth <= t_s[t_s.length - 1] * 5; tenth += 1) {
      const x = this.#x(tenth / 5);
      this.#add("line", { class: "axis", x1: x, x2: x, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 });
      this.#text((tenth / 5).toFixed(1), x, HEIGHT - 7, "middle");
    }
    this.#text("0", LEFT - 6, HEIGHT - BOTTOM + 4, "end");
    if (limit) this.#text(limit.toFixed(limit < 1 ? 2 : 0), LEFT - 6, this.#y(limit) + 4, "end");
    this.#text("s", this.width - 2, HEIGHT - 7, "end");
  }

  #line(kind, points) {
    let path = "";
    let open = false;
    for (const [t, value] of points) {
      if (value !== null) path += `${open ? "L" : "M"}${this.#x(t).toFixed(1)} ${this.#y(value).toFixed(1)}`;
      open = value !== null;
    }
    this.#add("path", { class: kind, d: path });
  }

  #mark(name, active) {
    const x = this.#x(this.event.marks[name].s);
    const group = this.#add("g", { class: `mark${active ? " active" : ""}`, "data-mark": name });
    group.append(this.#svg("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }));
    const anchor = { onset: "end", apex: "middle", offset: "start" }[name];
    const label = this.#svg("text", { x: x + { onset: 5, apex: 0, offset: -5 }[name], y: TOP - 8, "text-anchor": anchor });
    label.textContent = name;
    group.append(this.#svg("rect", { class: "handle", x: x - 7, y: TOP, width: 14, height: HEIGHT - TOP - BOTTOM }), label);
  }

  #cursor(row) {
    const x = this.#x(this.series.t_s[Math.min(row, this.series.t_s.length - 1)]);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
  }

  #jump(event) {
    const mark = event.target.closest("[data-mark]")?.dataset.mark;
    if (mark) { this.chosen(mark); return; }
    if (!this.series) return;
    const box = this.curve.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * this.width;
    const away = this.series.t_s.map((t) => Math.abs(this.#x(t) - at));
    this.seek(away.indexOf(Math.min(...away)));
  }

  #svg(tag, attributes) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  #add(tag, attributes) {
    const element = this.#svg(tag, attributes);
    this.curve.append(element);
    return element;
  }

  #text(words, x, y, anchor) {
    this.#add("text", { x, y, "text-anchor": anchor, class: "tick" }).textContent = words;
  }
}
