// What is drawn over the picture: what the server begins with, and one choice after the other.

const CHOICES = { "lines": ["outline", "regions"], "lines and heat": ["heat", "outline", "regions"], "none": [] };

export class Overlay {
  constructor() {
    this.choices = { ...CHOICES };
    this.name = "lines";
    this.chosen = false;
  }

  get layers() {
    return this.choices[this.name];
  }

  /** What the server begins with, as it names it; what somebody chose before goes on. */
  begin(layers) {
    const like = Object.keys(CHOICES).find((name) => CHOICES[name].join() === layers.join());
    if (!like) this.choices["as started"] = layers;
    if (!this.chosen) this.name = like || "as started";
  }

  next() {
    const names = Object.keys(this.choices);
    this.name = names[(names.indexOf(this.name) + 1) % names.length];
    this.chosen = true;
  }
}
