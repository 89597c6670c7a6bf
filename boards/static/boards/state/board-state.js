import { keep } from "./line-data.js";

/**
 * A board's state on a screen: a snapshot, kept current by updates. No DOM, no clock of its own.
 *
 * @typedef {import("./line-data.js").Point} Point
 * @typedef {"number" | "text" | "status" | "table" | "series"} Kind
 * @typedef {{
 *   slug: string, kind: Kind, label: string, unit: string, staleAfter: number | null, kept: number,
 *   value: any, at: number | null, seq: number,
 *   state: "ok" | "error" | "unknown" | null, error: string | null, retryAt: number | null,
 *   history: Point[], gap: number, floor: number, rowSeqs: Map<string, number>, marks: Map<string, Map<string, Mark>>,
 *   merged: number, moved: boolean,
 * }} Stream times in unix milliseconds, staleAfter and kept in seconds; gap: milliseconds between two points in which nothing was measured; state: null in the past, staleAfter then null for tables; merged: how many updates
 *   were folded into others on their way since the snapshot; moved: an update has come since; floor: the snapshot's seq, rowSeqs: those of rows
 *   that changed since; marks: by row and column
 * @typedef {{up: boolean | null, at: number}} Mark a cell that changed, and when on this machine's clock; null: neither up nor down
 * @typedef {{
 *   id: number, type: string, title: string, streams: string[], width: number, height: number,
 *   options: Record<string, any>, html?: string,
 * }} Widget
 * @typedef {{slug: string, title: string, zone: string, version: number, widgets: Widget[]}} Board
 */

/** How many points of a stream are kept, unless a widget asks for more. */
const POINTS = 300;

const time = (/** @type {string | null | undefined} */ text) => (text ? Date.parse(text) : null);

/** @returns {Stream} */
function read(/** @type {string} */ slug, /** @type {any} */ said) {
  return {
    slug,
    kind: said.kind,
    label: said.label,
    unit: said.unit,
    staleAfter: said.stale_after,
    kept: said.kept ?? 0,
    value: said.value,
    at: time(said.at),
    seq: said.seq,
    state: said.state,
    error: said.error,
    retryAt: time(said.retry_at),
    history: said.history,
    gap: (said.gap ?? Infinity) * 1000,
    floor: said.seq,
    rowSeqs: new Map(),
    marks: new Map(),
    merged: 0,
    moved: false,
  };
}

export class BoardState {
  constructor() {
    /** @type {Board | null} null until the first snapshot */
    this.board = null;
    /** @type {Map<string, Stream>} */
    this.streams = new Map();
    /** True while points are missing that charts would show; `takeHistory` adds them. */
    this.hasGap = false;
    this.points = POINTS;
    /** By stream: the milliseconds of history that charts show; without an entry, a number of points counts. @type {Map<string, number>} */
    this.spans = new Map();
    /** @type {Set<(slugs: Set<string> | null) => void>} */
    this.listeners = new Set();
  }

  /**
   * Call `listener` after each change with the slugs of the streams that changed; null: everything may have.
   * @param {(slugs: Set<string> | null) => void} listener
   * @returns {() => void} stops listening
   */
  onChange(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Replace the whole state. */
  takeSnapshot(/** @type {any} */ { board, streams }) {
    this.board = /** @type {Board} */ (board);
    this.points = Math.max(POINTS, ...this.board.widgets.map(({ options }) => options.points ?? 0));
    this.spans = new Map();
    for (const { streams: slugs, options } of this.board.widgets) {
      for (const slug of options.range ? slugs : []) {
        this.spans.set(slug, Math.max(options.range * 1000, this.spans.get(slug) ?? 0));
      }
    }
    this.streams = new Map(Object.entries(streams).map(([slug, said]) => [slug, read(slug, said)]));
    this.hasGap = false;
    this.#tell(null);
  }

  /** Take a snapshot that was fetched over HTTP, unless the socket was faster. */
  takeFirst(/** @type {any} */ snapshot) {
    if (!this.board) this.takeSnapshot(snapshot);
  }

  /** Take only the history of a snapshot, which may be newer or older than our state. */
  takeHistory(/** @type {any} */ { streams }) {
    this.hasGap = false;
    for (const [slug, said] of Object.entries(streams)) {
      const stream = this.streams.get(slug);
      if (!stream || stream.kind !== "number") continue;
      const newest = said.history.at(-1)?.[0] ?? 0;
      this.#keep(stream, [...said.history, ...stream.history.filter(([at]) => at > newest)]);
    }
    this.#tell(null);
  }

  /**
   * Bring streams up to date.
   * @param {any} event an `update`
   * @param {number} now this machine's time, for the marks of changed cells
   */
  takeUpdate({ streams }, now) {
    /** @type {Set<string>} */
    const changed = new Set();
    for (const [slug, change] of Object.entries(streams)) {
      const stream = this.streams.get(slug);
      if (!stream) continue;
      // Compare each row by its own seq: a lost row that is read back arrives after newer ones.
      if (change.rows && takeRows(stream, change.rows, change.seq, now)) changed.add(slug);
      if (change.seq < stream.seq) continue;
      stream.merged += (change.merged ?? 0) + Math.max(0, change.seq - stream.seq - 1);
      stream.moved = true;
      if (!change.rows) this.#takeValue(stream, change);
      stream.at = time(change.at);
      stream.seq = change.seq;
      stream.state = change.state;
      stream.error = change.error;
      stream.retryAt = time(change.retry_at);
      changed.add(slug);
    }
    if (changed.size) this.#tell(changed);
  }

  /**
   * Take newer values of shared streams from another board's snapshot on this connection: the server counts them as
   * told.
   * @param {any} snapshot
   * @param {number} now as for `takeUpdate`
   */
  takeOther({ streams }, now) {
    /** @type {Record<string, any>} */
    const newer = {};
    for (const [slug, said] of Object.entries(streams)) {
      const stream = this.streams.get(slug);
      if (!stream || said.seq <= stream.seq) continue;
      newer[slug] = said;
      if (stream.kind !== "table") continue;
      const gone = Object.keys(stream.value).filter((key) => !(key in said.value));
      newer[slug] = { ...said, rows: { ...said.value, ...Object.fromEntries(gone.map((key) => [key, null])) } };
    }
    this.takeUpdate({ streams: newer }, now);
  }

  /** @param {Stream} stream @param {any} change */
  #takeValue(stream, change) {
    stream.value = change.value;
    if (stream.kind !== "number" || change.value === null) return;
    const at = /** @type {number} */ (time(change.at));
    const folded = change.points ?? [];
    if (change.seq > stream.seq + 1 || (change.merged ?? 0) > folded.length) this.hasGap = true;
    // A point that a wrong clock stamped later than the newest value is not newer.
    while ((stream.history.at(-1)?.[0] ?? 0) > at) stream.history.pop();
    const last = stream.history.at(-1)?.[0] ?? 0;
    const points = [...folded, [at, change.value]].filter(([moment]) => moment > last);
    if (at === last) stream.history[stream.history.length - 1] = [at, change.value];
    if (points.length) this.#keep(stream, [...stream.history, ...points]);
  }

  #keep(/** @type {Stream} */ stream, /** @type {Point[]} */ history) {
    stream.history = keep(history, this.points, this.spans.get(stream.slug) ?? null);
  }

  #tell(/** @type {Set<string> | null} */ slugs) {
    for (const listener of this.listeners) listener(slugs);
  }
}

/**
 * @param {Stream} stream
 * @param {Record<string, any>} rows
 * @param {number} seq
 * @param {number} now
 * @returns {boolean} whether any row changed
 */
function takeRows(stream, rows, seq, now) {
  const news = Object.entries(rows).filter(([key]) => seq >= (stream.rowSeqs.get(key) ?? stream.floor));
  if (!news.length) return false;
  stream.value = { ...stream.value };
  for (const [key, row] of news) {
    const before = stream.value[key];
    stream.rowSeqs.set(key, seq);
    if (row === null) {
      delete stream.value[key];
      stream.marks.delete(key);
      continue;
    }
    stream.value[key] = row;
    if (before) mark(stream, key, before, row, now);
  }
  return true;
}

/** @param {Stream} stream @param {string} key @param {any} before @param {any} row @param {number} now */
function mark(stream, key, before, row, now) {
  const marks = stream.marks.get(key) ?? new Map();
  for (const [column, value] of Object.entries(row)) {
    if (value === before[column]) continue;
    const numbers = typeof value === "number" && typeof before[column] === "number";
    marks.set(column, { up: numbers ? value > before[column] : null, at: now });
  }
  stream.marks.set(key, marks);
}
