customElements.define("flinch-live", class extends HTMLElement {});
