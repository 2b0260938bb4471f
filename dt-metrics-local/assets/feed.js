// The stream of what comes. Paused, nothing is received either: the server keeps what came
// meanwhile, and resuming asks for it.

const AGAIN_MS = 3000;

export class Feed {
  /** Told each frame, and each state: connecting, live, paused or lost. */
  constructor(model, onFrame, onState) {
    this.model = model;
    this.onFrame = onFrame;
    this.onState = onState;
    this.isPaused = false;
    this.open();
  }

  open() {
    const since = this.model.cursor ? `?since=${encodeURIComponent(this.model.cursor)}` : "";
    const source = new EventSource(`/events${since}`);
    source.onopen = () => this.onState("live");
    source.onmessage = (event) => {
      this.model.apply(JSON.parse(event.data));
      this.onFrame();
    };
    source.onerror = () => {
      this.onState("lost");
      // A refusal ends it for good; a lost connection is tried again by the browser.
      if (source.readyState === EventSource.CLOSED) {
        this.retry = setTimeout(() => this.open(), AGAIN_MS);
      }
    };
    this.source = source;
  }

  setPaused(isPaused) {
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    if (isPaused) {
      clearTimeout(this.retry);
      this.source.close();
      this.onState("paused");
    } else {
      this.onState("connecting");
      this.open();
    }
  }
}
