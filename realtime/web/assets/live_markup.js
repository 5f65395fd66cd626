// What the Live tab is made of.

export const MARKUP = `
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
    <h3>Movement <small>over the dashes it is spotted</small></h3>
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
