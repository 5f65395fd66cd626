// The Calibrate tab: shows the live picture, starts it where it does not run, and starts it anew when another
// profile is to be used: a session keeps the settings that it began with.

const LOOK_MS = 250;
const FREE_MS = 1200; // after a stop, until its place is free again

const live = () => document.querySelector("flinch-live");
const running = (element) => Boolean(element?.link) || element?.state === "starting";

class Preview extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.innerHTML = `<div class="calibrate-video"><video autoplay muted playsinline aria-label="Live picture"></video>
      <p role="status"></p></div>`;
    this.video = this.querySelector("video");
    this.words = this.querySelector("p");
    this.timer = setInterval(() => this.#look(), LOOK_MS);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  #look() {
    this.#mirror();
    this.#follow();
  }

  #mirror() {
    const stream = live()?.querySelector("video")?.srcObject || null;
    if (this.video.srcObject !== stream) this.video.srcObject = stream;
    this.firstChild.classList.toggle("calibrate-on", Boolean(stream));
    const words = trouble(live()) || "Begin starts the live picture.";
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  #follow() {
    const token = document.querySelector(".calibrate[data-profile]")?.dataset.profile;
    if (token === undefined || token === this.token) return;
    const first = this.token === undefined;
    this.token = token;
    if (!first) restart(live());
  }
}

/** Why the live picture does not run, where it says so. */
function trouble(element) {
  const line = element?.querySelector(".flinch-status");
  return !element?.link && line?.dataset.kind === "bad" ? line.textContent : "";
}

async function restart(element) {
  if (!element?.link || element.stats?.recording) return; // a recording goes on as it began
  element.stop();
  await new Promise((done) => setTimeout(done, FREE_MS));
  if (!running(element)) element.start();
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || !event.target.closest("#calibrate-go")) return;
  const element = live();
  if (element && !running(element)) element.start();
});

customElements.define("flinch-preview", Preview);
