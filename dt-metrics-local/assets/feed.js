// The stream of received lines and requests. While it is paused, nothing is received: the server
// keeps the new lines, and resuming requests them.

const AGAIN_MS = 3000;

export class Feed {
  /** `onFrame` receives each frame; `onState` each state: connecting, live, paused or lost. */
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
      // A refusal ends the stream; after a lost connection the browser reconnects.
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
