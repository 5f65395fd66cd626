// The connection to the server: the camera's pictures there, the painted ones back, words both ways.

const GATHER_MS = 2000;
const HEARTBEAT_MS = 1000;
const SIZES = {
  best: { width: { ideal: 1920 }, height: { ideal: 1080 } },
  hd: { width: { ideal: 1280 }, height: { ideal: 720 } },
  vga: { width: { ideal: 640 }, height: { ideal: 480 } },
};
// Many cameras give their largest pictures a few times a second only: then rather a smaller one.
const RATES = [{ min: 25, ideal: 240 }, { ideal: 240 }];

export class NoCamera extends Error {}
export class NoAnswer extends Error {}

/** The camera at the wished size, or NoCamera with the reason in words. */
export async function openCamera(size, deviceId) {
  if (!navigator.mediaDevices || !window.isSecureContext) {
    throw new NoCamera("This page is neither https nor localhost, so the browser gives it no camera. "
      + "Start the server with --ssl-cert and --ssl-key.");
  }
  const video = { ...SIZES[size] };
  if (deviceId) video.deviceId = { exact: deviceId };
  try {
    const [fast, any] = RATES.map((frameRate) => ({ video: { ...video, frameRate }, audio: false }));
    return await navigator.mediaDevices.getUserMedia(fast)
      .catch((error) => (error.name === "OverconstrainedError"
        ? navigator.mediaDevices.getUserMedia(any) : Promise.reject(error)));
  } catch (error) {
    const words = {
      NotFoundError: "There is no camera on this machine.",
      NotAllowedError: "The camera was not allowed. Allow it beside the page's address and start again.",
      NotReadableError: "The camera is in use by another program.",
      OverconstrainedError: "That camera is not there any more.",
    };
    throw new NoCamera(words[error.name] || `The camera cannot be opened (${error.name}).`);
  }
}

/** One live connection. Events: "picture" (detail: MediaStream), "message" (detail), "end" (detail: why). */
export class Link extends EventTarget {
  constructor(stream) {
    super();
    this.stream = stream;
    this.session = null;
    this.limits = null; // under which the page warns
    this.layers = []; // what the picture begins with
    this.ended = false;
    this.pc = new RTCPeerConnection({ iceServers: [] });
    stream?.getVideoTracks()[0].addEventListener("ended", () => this.stop("The camera is gone. Was it unplugged?"));
    this.channel = this.pc.createDataChannel("flinch");
    this.channel.onmessage = (event) => this.#heard(JSON.parse(event.data));
    this.channel.onclose = () => this.#end("The connection was lost.", true);
    this.pc.onconnectionstatechange = () => {
      if (["failed", "closed"].includes(this.pc.connectionState)) this.#end("The connection was lost.", true);
    };
    this.pc.ontrack = (event) => {
      event.receiver.jitterBufferTarget = 0; // the newest picture, not the smoothest
      this.dispatchEvent(new CustomEvent("picture", { detail: new MediaStream([event.track]) }));
    };
  }

  get settings() {
    return this.stream ? this.stream.getVideoTracks()[0].getSettings() : null;
  }

  async open() {
    const video = this.stream
      ? this.pc.addTransceiver(this.stream.getVideoTracks()[0], { direction: "sendrecv" })
      : this.pc.addTransceiver("video", { direction: "recvonly" });
    await this.pc.setLocalDescription(await this.pc.createOffer());
    await this.#gathered();
    if (this.ended) return;
    const answer = await this.#asked();
    if (this.ended) return void navigator.sendBeacon("/rtc/bye", answer.session); // a place was given all the same
    this.session = answer.session;
    this.limits = answer.limits;
    this.layers = answer.layers;
    await this.pc.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
    if (this.stream) await keepTheResolution(video.sender, answer.most_kbps);
    if (!this.ended) this.heartbeat = setInterval(() => this.send({ kind: "here" }), HEARTBEAT_MS);
  }

  #gathered() {
    return new Promise((done) => {
      const look = () => this.pc.iceGatheringState === "complete" && done();
      this.pc.addEventListener("icegatheringstatechange", look);
      setTimeout(done, GATHER_MS);
      look();
    });
  }

  async #asked() {
    const { width = 640, height = 480, frameRate = 30 } = this.settings || {};
    const camera = this.stream ? { width, height, fps: frameRate } : null;
    const body = JSON.stringify({ sdp: this.pc.localDescription.sdp, camera, consent: true });
    const headers = { "content-type": "application/json" };
    const reply = await fetch("/rtc/offer", { method: "POST", headers, body })
      .catch(() => Promise.reject(new NoAnswer("The server does not answer.")));
    const answer = await reply.json().catch(() => ({ error: `The server answered ${reply.status}.` }));
    if (!reply.ok) throw new Error(answer.error || `The server answered ${reply.status}.`);
    return answer;
  }

  #heard(message) {
    if (message.kind === "ended") this.#end(message.why || "Stopped.", false);
    else this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  send(message) {
    if (this.channel.readyState === "open") this.channel.send(JSON.stringify(message));
  }

  /** Ends it from this side: the server is told in two ways, of which one also works in a closing page. */
  stop(why = "Stopped.") {
    this.send({ kind: "stop" });
    this.#end(why, false);
  }

  #end(why, lost) {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.heartbeat);
    if (this.session) navigator.sendBeacon("/rtc/bye", this.session); // its place is free for the next attempt
    if (this.stream) this.stream.getTracks().forEach((track) => track.stop());
    this.pc.close();
    this.dispatchEvent(new CustomEvent("end", { detail: { why, lost } }));
  }
}

/** Under pressure the browser shall lose pictures, never their sharpness: small movements live in it. */
async function keepTheResolution(sender, mostKbps) {
  const parameters = sender.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  for (const encoding of parameters.encodings || []) {
    encoding.maxBitrate = mostKbps * 1000;
    encoding.scaleResolutionDownBy = 1;
  }
  await sender.setParameters(parameters).catch(() => {}); // a browser that does not know one of them
}
