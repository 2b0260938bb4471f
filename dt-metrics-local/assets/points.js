// The past of the series on the screen, requested from the server when it is needed.

/** The shortest time between two requests, in milliseconds, however fast the user scrolls. */
const PERIOD_MS = 250;

/** The server answers for no more at a time. */
const MOST = 200;

export class Points {
  constructor(onPoints) {
    this.onPoints = onPoints;
    this.known = new Map();
    this.wanted = new Map();
    this.asked = new Map();
    this.isAsking = false;
    /** Points after this time are not shown. */
    this.until = Infinity;
  }

  /** The points of a series that are loaded for this use: [ms, count, min, max, sum]. */
  of(use, id) {
    const points = this.known.get(use)?.get(id) ?? [];
    return this.until === Infinity ? points : points.filter(([at]) => at <= this.until);
  }

  /** Requests all these points for one use; points loaded for that use before are forgotten. */
  ask(use, step, ids) {
    this.wanted.set(use, [step, ids]);
    if (!this.isAsking) this.answer();
  }

  /** The points of a metric, summed over its series, as far as they are known for this use. */
  sumOf(use, metric) {
    return this.of(use, metric);
  }

  /** Asks for the sums over the series of these metrics for one use, once for each cursor. */
  askSums(use, step, metrics, cursor) {
    const text = `${step} ${metrics} ${cursor}`;
    if (this.asked.get(use) === text) return;
    this.asked.set(use, text);
    this.wanted.set(use, [step, metrics, "metrics"]);
    if (!this.isAsking) this.answer();
  }

  async answer() {
    this.isAsking = true;
    try {
      while (this.wanted.size) {
        const asked = [...this.wanted];
        this.wanted.clear();
        for (const [use, [step, ids, what]] of asked) await this.fetch(use, step, ids, what);
        this.onPoints();
        await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
      }
    } catch {
      // The server is gone: the stream reports it, and the next frame repeats the request.
    } finally {
      this.isAsking = false;
    }
  }

  async fetch(use, step, ids, what = "series") {
    if (!ids.length) return;
    const response = await fetch(`/api/history?step=${step}&${what}=${ids.slice(0, MOST).join(",")}`);
    if (!response.ok) return;
    const answer = await response.json();
    this.known.set(use, new Map(answer[what].map(({ id, metric, points }) => [id ?? metric, points])));
  }
}
