// The past of the series on the screen, requested from the server when it is needed.

/** The shortest time between two requests, in milliseconds, however fast the user scrolls. */
const PERIOD_MS = 250;

/** The name of the series without a dimension. */
const NONE = "(none)";

/** The server answers for no more at a time. */
const MOST = 200;

export class Points {
  constructor(onPoints) {
    this.onPoints = onPoints;
    this.known = new Map();
    this.wanted = new Map();
    this.asked = new Map();
    /** The 50th, 95th and 99th percentiles of metrics with buckets, by use. */
    this.percentiles = new Map();
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

  /** Forgets the points of a use, so that points of another request are not shown meanwhile. */
  forget(use) {
    this.known.delete(use);
    this.asked.delete(use);
  }

  /** The names of the sums that are known for this use: metrics, or the values of a dimension. */
  sums(use) {
    return [...(this.known.get(use)?.keys() ?? [])];
  }

  /**
   * Requests the sums over the series of these metrics for one use, once for each cursor; with `by`, for
   * each value of this dimension.
   */
  askSums(use, step, metrics, cursor, by = "") {
    const text = `${step} ${metrics} ${by} ${cursor}`;
    if (this.asked.get(use) === text) return;
    this.asked.set(use, text);
    this.wanted.set(use, [step, metrics, "metrics", by]);
    if (!this.isAsking) this.answer();
  }

  async answer() {
    this.isAsking = true;
    try {
      while (this.wanted.size) {
        const asked = [...this.wanted];
        this.wanted.clear();
        for (const [use, [step, ids, what, by]] of asked) await this.fetch(use, step, ids, what, by);
        this.onPoints();
        await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
      }
    } catch {
      // The server is gone: the stream reports it, and the next frame repeats the request.
    } finally {
      this.isAsking = false;
    }
  }

  async fetch(use, step, ids, what = "series", by = "") {
    if (!ids.length) return;
    const response = await fetch(`/api/history?step=${step}&${what}=${ids.slice(0, MOST).join(",")}${by ? `&by=${by}` : ""}`);
    if (!response.ok) return;
    const answer = await response.json();
    const name = ({ id, metric, value }) => id ?? (by ? value ?? NONE : metric);
    this.known.set(use, new Map(answer[what].map((found) => [name(found), found.points])));
    this.percentiles.set(use, new Map(answer[what].map((found) => [name(found), found.percentiles])));
  }
}
