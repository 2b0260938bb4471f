// The catalogues that programs handed over: the functions that they measure, and the places of these functions.

/** The metrics of a measured function: the end of the key, the kind of the instrument. */
const PARTS = [
  ["calls", "counter"],
  ["duration", "histogram"],
  ["in_flight", "up_down_counter"],
];

export class Catalog {
  constructor(onChange) {
    this.onChange = onChange;
    this.programs = [];
    this.version = null;
  }

  /** Requests the catalogues if they are newer than the catalogues here. */
  async update({ cursor, totals }) {
    const version = `${cursor.split("-")[0]}-${totals.catalogs}`;
    if (version === this.version) return;
    this.version = version;
    try {
      const response = await fetch("/api/catalog");
      if (response.ok) this.programs = (await response.json()).programs;
      this.onChange();
    } catch {
      this.version = null; // The server is gone; the next frame requests them again.
    }
  }

  programsOf(service) {
    return this.programs.filter((program) => !service || !program.service || program.service === service);
  }

  /** All instruments with their metric keys: [{ key, instrument, program }]. */
  instruments(service) {
    return this.programsOf(service).flatMap((program) => program.instruments.map((instrument) => ({ key: instrument.key, instrument, program })));
  }

  /** The measured functions: [{ name, keys: { calls, duration, in_flight }, unit, place }]. */
  functions(service) {
    const functions = new Map();
    for (const { key, instrument, program } of this.instruments(service)) {
      const part = PARTS.find(([end, kind]) => instrument.kind === kind && key?.endsWith(`.${end}`));
      if (!part) continue;
      const name = key.slice(0, -part[0].length - 1);
      const known = functions.get(name) ?? { name, keys: {}, unit: "s", place: placeOf(instrument, program), module: instrument.module_path };
      known.keys[part[0]] = key;
      if (part[0] === "duration") known.unit = instrument.unit || "1";
      known.description ??= instrument.description.replace(/: (calls|duration|calls in flight)$/, "");
      functions.set(name, known);
    }
    return [...functions.values()];
  }
}

/** The place of an instrument in the source: { text, link }; without a link if the path is relative. */
export function placeOf({ file, line }, { sources }) {
  if (!file) return null;
  const text = `${file}:${line}`;
  const isAbsolute = (path) => /^(\/|[A-Za-z]:[\\/])/.test(path);
  const path = isAbsolute(file) || !sources ? file : `${sources}/${file}`;
  if (!isAbsolute(path)) return { text, link: null };
  const parts = path.replaceAll("\\", "/").split("/").filter(Boolean).map(encodeURIComponent);
  return { text, link: `vscode://file/${parts.join("/").replace(/^([A-Za-z])%3A/, "$1:")}:${line}` };
}
