// The scrolling strip: movement of every face over the last seconds, the threshold, and the events in it.

const SPAN_S = 12;
const KEPT_S = 20;
const GAP_S = 0.5; // a face unseen for longer: the line is broken
const FRAME_MS = 60; // between two drawings; the pictures need the processor more
const FACES = ["--flinch-face-0", "--flinch-face-1", "--flinch-face-2", "--flinch-face-3"];

export class Strip {
  constructor(canvas) {
    this.canvas = canvas;
    this.clear();
  }

  clear() {
    this.faces = new Map(); // face -> rows [t, score, threshold, armed]
    this.events = [];
    this.newest = 0;
    this.newestAt = 0;
    this.threshold = null;
  }

  push(rows) {
    for (const [t, score, threshold, armed, face] of rows) {
      if (!this.faces.has(face)) this.faces.set(face, []);
      this.faces.get(face).push([t, score, threshold, armed]);
      this.newest = Math.max(this.newest, t);
      if (threshold !== null) this.threshold = threshold;
    }
    this.newestAt = performance.now();
    for (const [face, points] of this.faces) {
      while (points.length && points[0][0] < this.newest - KEPT_S) points.shift();
      if (!points.length) this.faces.delete(face);
    }
  }

  mark(event) {
    this.events.push(event);
    this.events = this.events.filter((each) => each.offset_s > this.newest - KEPT_S);
  }

  run() {
    if (this.running) return;
    this.running = true;
    let last = 0;
    const turn = (now) => {
      if (!this.running) return;
      if (now - last >= FRAME_MS && this.canvas.offsetParent) {
        last = now;
        this.draw();
      }
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }

  stop() {
    this.running = false;
  }

  colour(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name).trim() || "gray";
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const plot = this.#plot(width, height);
    this.#seconds(context, plot);
    for (const event of this.events) this.#event(context, plot, event);
    [...this.faces.keys()].sort().forEach((face, i) => this.#line(context, plot, face, FACES[i % FACES.length]));
    this.#threshold(context, plot);
  }

  #plot(width, height) {
    const left = 30, right = width - 6, top = 8, bottom = height - 18;
    // Between two messages the paper moves on at the speed of time.
    const now = this.newest + Math.min((performance.now() - this.newestAt) / 1000, 0.3);
    const base = this.threshold || 1;
    let highest = 0;
    for (const points of this.faces.values()) for (const point of points) highest = Math.max(highest, point[1] ?? 0);
    const most = Math.min(Math.max(highest * 1.15, 2 * base), 6 * base);
    return {
      left, right, top, bottom, now,
      x: (t) => right - ((now - t) / SPAN_S) * (right - left),
      y: (score) => bottom - Math.min(Math.max(score / most, 0), 1) * (bottom - top),
    };
  }

  #seconds(context, plot) {
    context.fillStyle = this.colour("--flinch-muted");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    for (let s = Math.max(0, Math.ceil(plot.now - SPAN_S)); s <= plot.now; s += 1) {
      const x = plot.x(s);
      if (x < plot.left) continue;
      context.globalAlpha = s % 5 === 0 ? 0.35 : 0.14;
      context.fillRect(x, plot.top, 1, plot.bottom - plot.top);
      context.globalAlpha = 1;
      if (s % 2 === 0 && x > plot.left + 10 && x < plot.right - 8) context.fillText(`${s} s`, x, plot.bottom + 13);
    }
  }

  #event(context, plot, event) {
    const from = Math.max(plot.x(event.onset_s), plot.left);
    const to = plot.x(event.offset_s);
    if (to < plot.left) return;
    context.fillStyle = this.colour(`--flinch-${event.label}`);
    context.globalAlpha = event.type === "micro" ? 0.35 : 0.18;
    context.fillRect(from, plot.top, Math.max(to - from, 2), plot.bottom - plot.top);
    context.globalAlpha = 1;
    context.fillRect(from, plot.top, Math.max(to - from, 2), 3);
    const apex = plot.x(event.apex_s);
    if (apex > plot.left) context.fillRect(apex, plot.top, 1.5, plot.bottom - plot.top);
  }

  #line(context, plot, face, colour) {
    const points = this.faces.get(face);
    let before = null;
    context.lineWidth = 1.7;
    context.lineJoin = "round";
    for (const point of points) {
      const [t, score, , armed] = point;
      const joined = before && score !== null && before[1] !== null && t - before[0] < GAP_S && t > plot.now - SPAN_S;
      if (joined) {
        context.strokeStyle = this.colour(armed ? colour : "--flinch-faint");
        context.beginPath();
        context.moveTo(Math.max(plot.x(before[0]), plot.left), plot.y(before[1]));
        context.lineTo(plot.x(t), plot.y(score));
        context.stroke();
      }
      before = point;
    }
  }

  #threshold(context, plot) {
    if (this.threshold === null) return;
    const y = plot.y(this.threshold);
    context.strokeStyle = context.fillStyle = this.colour("--flinch-muted");
    context.setLineDash([5, 4]);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(plot.left, y);
    context.lineTo(plot.right, y);
    context.stroke();
    context.setLineDash([]);
    context.textAlign = "right";
    context.fillText(String(Number(this.threshold.toPrecision(3))), plot.left - 5, y + 4);
  }
}
