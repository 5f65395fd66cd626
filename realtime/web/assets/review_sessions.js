// <flinch-sessions>: what was watched, where it is kept, and how it leaves: exports, imports, deletion.

import * as api from "./review_api.js";
import { made, when } from "./review_api.js";

const FORMATS = [["csv", "CSV"], ["jsonl", "JSONL"], ["eaf", "ELAN .eaf"], ["vtt", "WebVTT"], ["train", "Labelled data"]];
const ORIGINS = { live: "live", replay: "clip", recorded: "recording" };

class Sessions extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.chosen = new Set();
    this.text = made("input", { type: "search", placeholder: "Search sessions", "aria-label": "Search sessions", oninput: () => this.#draw() });
    this.status = made("p.flinch-status", { role: "status", "aria-live": "polite" });
    this.rows = made("tbody");
    this.all = made("input", { type: "checkbox", "aria-label": "Choose all", onchange: () => this.#chooseAll(this.all.checked) });
    const heads = ["Session", "Person", "From", "Began", "Candidates", "Kept", ""].map((words) => made("th", { scope: "col" }, words));
    this.table = made("div.flinch-table", { tabindex: "0", "aria-label": "Sessions" }, made("table", {},
      made("thead", {}, made("tr", {}, made("th", {}, this.all), ...heads)), this.rows));
    this.none = made("p.flinch-none", {}, "No session yet.");
    this.file = made("input", { type: "file", hidden: true, accept: ".csv,.jsonl,.eaf,.vtt,.zip", "aria-label": "File to import", onchange: () => this.#import() });
    this.keep = made("input", { type: "checkbox" });
    const exports_ = made("div.flinch-buttons", { role: "group", "aria-label": "Export" }, made("span.flinch-group", {}, "Export"),
      ...FORMATS.map(([format, words]) => made("button", { type: "button", "data-export": format, onclick: () => this.#export(format) }, words)));
    const imports = made("div.flinch-buttons", { role: "group", "aria-label": "Import" }, made("span.flinch-group", {}, "Import"),
      made("button", { type: "button", onclick: () => this.file.click() }, "Choose a file"), this.file,
      this.dataset.keeps === "true" ? made("label", {}, this.keep, "keep new sessions on this disk") : null);
    this.dialog = made("dialog.flinch-dialog", { "aria-label": "Delete" });
    this.append(made("div.flinch-sessions", {}, this.text, this.table, this.none, exports_,
      made("p.flinch-when", {}, "Exports hold the chosen sessions, or all of them. Labelled data holds what was accepted, for training."),
      imports, this.status, this.dialog));
    new IntersectionObserver(([seen]) => seen.isIntersecting && this.load()).observe(this);
  }

  async load() {
    try {
      this.sessions = await api.sessions();
      this.chosen = new Set([...this.chosen].filter((id) => this.sessions.some((one) => one.id === id)));
      this.#draw();
    } catch (error) {
      this.#say(error.message, "bad");
    }
  }

  #shown() {
    const words = this.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    return this.sessions.filter((one) => {
      const text = `${one.name} ${one.source} ${one.subject} ${one.origin} ${one.started} ${when(one.started)}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  #draw() {
    if (!this.sessions) return;
    const shown = this.#shown();
    this.rows.replaceChildren(...shown.map((one) => this.#row(one)));
    this.none.hidden = shown.length > 0;
    this.none.textContent = this.sessions.length ? "No session with these words." : "No session yet.";
    this.table.hidden = shown.length === 0;
    this.all.checked = shown.length > 0 && shown.every((one) => this.chosen.has(one.id));
  }

  #row(one) {
    const choose = made("input", { type: "checkbox", checked: this.chosen.has(one.id), "aria-label": `Choose ${one.name}`, onchange: () => {
      this.chosen[choose.checked ? "add" : "delete"](one.id);
      this.#draw();
    } });
    const edit = (key, label) => {
      const input = made("input.flinch-edit", { type: "text", value: one[key], title: one[key], "aria-label": `${label} of ${one.name}`, maxlength: "200",
        placeholder: key === "subject" ? "not named" : "", onchange: () => this.#describe(one.id, { [key]: input.value }) });
      return input;
    };
    const reviewed = one.events ? `${one.events} · ${one.accepted} accepted, ${one.rejected} rejected` : "none";
    const kept = one.kept ? (one.recorded ? "events and film" : "events") : "until the program ends";
    return made("tr", { "data-session": one.id }, made("td", {}, choose), made("td", { "data-title": "Session" }, edit("name", "Name")),
      made("td", { "data-title": "Person" }, edit("subject", "Person")), made("td", { "data-title": "From" }, `${ORIGINS[one.origin]}: ${one.source}`),
      made("td", { "data-title": "Began" }, when(one.started)), made("td", { "data-title": "Candidates" }, reviewed), made("td", { "data-title": "Kept" }, kept),
      made("td", {}, made("button.flinch-delete", { type: "button", "aria-label": `Delete ${one.name}`, onclick: () => this.#ask(one) }, "Delete")));
  }

  #chooseAll(all) {
    this.#shown().forEach((one) => this.chosen[all ? "add" : "delete"](one.id));
    this.#draw();
  }

  #ask(one) {
    const what = one.recorded ? "its film, its candidates and every decision" : "its candidates and every decision";
    this.dialog.replaceChildren(made("p", {}, `Delete “${one.name}” with ${what}? This cannot be undone.`),
      made("div.flinch-buttons", {}, made("button.flinch-delete", { type: "button", onclick: () => this.#delete(one) }, "Delete for good"),
        made("button", { type: "button", autofocus: true, onclick: () => this.dialog.close() }, "Cancel")));
    this.dialog.showModal();
  }

  async #delete(one) {
    this.dialog.close();
    await this.#tried(async () => {
      await api.remove(one.id);
      document.querySelector("flinch-review")?.load(); // no face of theirs stays in the page
      return `Deleted ${one.name}.`;
    });
  }

  #describe(id, wish) {
    return this.#tried(async () => { await api.describe(id, wish); return ""; });
  }

  #export(format) {
    return this.#tried(async () => {
      const { name, leftOut } = await api.save(format, [...this.chosen]);
      return `Saved ${name}.${leftOut ? ` Left out: ${leftOut}.` : ""}`;
    });
  }

  #import() {
    const [file] = this.file.files;
    if (!file) return;
    this.#tried(async () => {
      const done = await api.restore(file, this.keep.checked);
      this.file.value = "";
      return `Imported ${done.sessions} session${done.sessions === 1 ? "" : "s"} from ${file.name}: ${done.added_sessions} new, `
        + `${done.added_events} new candidates, ${done.changed_reviews} changed decisions.`;
    });
  }

  async #tried(act) {
    try {
      this.#say(await act());
    } catch (error) {
      this.#say(error.message, "bad");
    }
    this.file.value = "";
    await this.load();
  }

  #say(words, kind = "") {
    this.status.textContent = words;
    this.status.dataset.kind = kind;
  }
}

customElements.define("flinch-sessions", Sessions);
