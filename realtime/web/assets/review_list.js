// The candidates as a list of cards; what did not change keeps its element, and so its picture.

import { made, refOf } from "./review_api.js";

export class List {
  constructor(chosen) {
    this.chosen = chosen; // called with a candidate's ref when it is clicked
    this.root = made("ol.flinch-found", { role: "listbox", "aria-label": "Candidates", tabindex: "0" });
  }

  show(found, ref) {
    const have = new Map([...this.root.children].map((item) => [item.dataset.ref, item]));
    const items = found.map((one) => {
      const known = have.get(refOf(one));
      const text = JSON.stringify(one);
      if (known?.dataset.is === text) return known;
      const item = this.#item(one);
      item.dataset.is = text;
      return item;
    });
    const same = items.length === this.root.children.length && items.every((item, i) => item === this.root.children[i]);
    if (!same) this.root.replaceChildren(...items);
    this.highlight(ref);
  }

  highlight(ref) {
    this.root.removeAttribute("aria-activedescendant");
    for (const item of this.root.children) {
      const chosen = item.dataset.ref === ref;
      item.setAttribute("aria-selected", `${chosen}`);
      if (chosen) this.root.setAttribute("aria-activedescendant", item.id);
    }
  }

  reveal(ref) {
    this.root.querySelector(`[data-ref="${ref}"]`)?.scrollIntoView({ block: "nearest" });
  }

  #item(one) {
    const ref = refOf(one);
    const still = one.evidence ? made("img", { src: `/review/still/${ref}`, alt: "", loading: "lazy", width: 46, height: 61 })
      : made("span.flinch-no-still");
    return made(`li.flinch-found-one.flinch-is-${one.label}`, { role: "option", "data-ref": ref, "data-status": one.status, id: `found-${one.session}-${one.event}`,
      onclick: () => this.chosen(ref) }, still,
    made("div", {}, made("div.flinch-card-head", {}, made("strong", {}, one.label), made("span.flinch-sure", {}, `${Math.round(one.confidence * 100)} %`),
      made("span.flinch-status-word", {}, one.status === "pending" ? "" : one.status)),
    made("div.flinch-when", {}, `${one.kind} at ${one.marks.onset.s.toFixed(2)} s${one.face ? ` · face ${one.face}` : ""}`),
    made("div.flinch-when.flinch-of", {}, one.session_name),
    one.flags.length ? made("div.flinch-flags", {}, ...one.flags.map((flag) => made("span.flinch-flag", {}, flag.replace("_", " ")))) : null));
  }
}
