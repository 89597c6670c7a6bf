/**
 * The settings of each type of tile, and their form fields. No DOM.
 *
 * @typedef {import("../state/board-state.js").Widget} Widget
 * @typedef {{slug: string, kind: string, label: string, unit: string}} Offered a stream that can be shown
 * @typedef {{
 *   name: string, label: string, hint?: string, input: "number" | "text" | "area" | "check" | "choice" | "zone" | "room" | "columns",
 *   choices?: [string, string][], whole?: boolean,
 * }} Field
 * @typedef {{label: string, kinds: string[], many: boolean, needs: boolean, width: number, height: number, fields: Field[]}} TileType
 *   kinds: of streams that it shows; many: several at once; needs: at least one
 */

/** @type {Record<string, Field>} */
const FIELDS = {
  warn: { name: "warn", label: "Warning from", input: "number" },
  crit: { name: "crit", label: "Critical from", hint: "Below the warning: then small numbers are the bad ones.", input: "number" },
  better: { name: "better", label: "Better is", input: "choice", choices: [["", "neither"], ["up", "more"], ["down", "less"]] },
  target: { name: "target", label: "Target", input: "number" },
  decimals: { name: "decimals", label: "Decimals", hint: "Empty: as many as the number deserves.", input: "number", whole: true },
  compact: { name: "compact", label: "Short thousands (1.2 k)", input: "check" },
  note: { name: "note", label: "Note under the number", input: "text" },
  hero: { name: "hero", label: "Large type", input: "check" },
  range: {
    name: "range",
    label: "Shows the last",
    input: "choice",
    choices: [["", "300 values"], ["300", "5 minutes"], ["3600", "hour"], ["21600", "6 hours"], ["86400", "day"], ["604800", "week"]],
  },
  min: { name: "min", label: "Scale from", input: "number" },
  max: { name: "max", label: "Scale to", input: "number" },
  sort: { name: "sort", label: "Sorted by field", hint: "With - in front the largest first, such as -sold.", input: "text" },
  rows: { name: "rows", label: "Rows at most", hint: "Of a table.", input: "number", whole: true },
  key: { name: "key", label: "Heading of the first column", input: "text" },
  columns: { name: "columns", label: "Fields", hint: "With commas between; empty: all of them.", input: "columns" },
  body: { name: "body", label: "Text", hint: "Markdown: **bold**, lists, links.", input: "area" },
  zone: { name: "zone", label: "Time zone", hint: "Empty: the board's.", input: "zone" },
  room: { name: "room", label: "Room", hint: "Shown to those who may be in it.", input: "room" },
};
const { warn, crit, better, target, decimals, compact, note, hero, range, min, max, sort, rows, key, columns, body, zone, room } = FIELDS;

/** @type {Record<string, TileType>} */
export const TYPES = {
  number: { label: "Number", kinds: ["number"], many: false, needs: true, width: 3, height: 1, fields: [warn, crit, better, target, decimals, compact, note, hero] },
  line: { label: "Line chart", kinds: ["number", "series"], many: true, needs: true, width: 6, height: 2, fields: [range, min, max, decimals] },
  gauge: { label: "Gauge", kinds: ["number"], many: false, needs: true, width: 3, height: 1, fields: [min, max, warn, crit, target, decimals] },
  status: { label: "Status", kinds: ["status"], many: true, needs: true, width: 3, height: 1, fields: [] },
  list: { label: "List", kinds: ["number", "status", "table"], many: true, needs: true, width: 3, height: 2, fields: [warn, crit, decimals, compact, sort, rows] },
  table: { label: "Table", kinds: ["table"], many: false, needs: true, width: 6, height: 2, fields: [columns, sort, key] },
  text: { label: "Text", kinds: ["text"], many: false, needs: false, width: 3, height: 1, fields: [body] },
  clock: { label: "Clock", kinds: [], many: false, needs: false, width: 3, height: 1, fields: [zone] },
  room: { label: "Room", kinds: [], many: false, needs: false, width: 4, height: 2, fields: [room] },
};

/** @returns {Widget} a new tile of a type */
export function newTile(/** @type {string} */ type) {
  const { width, height } = TYPES[type];
  return { id: 0, type, title: "", streams: [], width, height, options: {} };
}

/** The same tile as another type, without the streams that this type cannot show. */
export function asType(/** @type {Widget} */ widget, /** @type {string} */ type, /** @type {Offered[]} */ offered) {
  const { kinds, many, width, height } = TYPES[type];
  const fitting = widget.streams.filter((slug) => kinds.includes(offered.find((each) => each.slug === slug)?.kind ?? ""));
  const size = widget.id ? {} : { width, height };
  return { ...widget, ...size, type, streams: many ? fitting : fitting.slice(0, 1) };
}

/** The names of offered streams, sorted; with the slug where several have the same label. @returns {[string, string][]} slug, name */
export function namesOf(/** @type {Offered[]} */ offered) {
  const labels = offered.map(({ label }) => label);
  const isShared = (/** @type {string} */ label) => labels.indexOf(label) !== labels.lastIndexOf(label);
  /** @type {[string, string][]} */
  const names = offered.map(({ slug, label }) => [slug, isShared(label) ? `${label} (${slug})` : label]);
  return names.sort(([, one], [, other]) => one.localeCompare(other));
}

/** @throws {Error} with a sentence: this browser knows no such time zone */
export function checkZone(/** @type {string} */ zone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone || undefined });
  } catch {
    throw new Error(`There is no time zone ${zone}: give one such as Europe/Oslo.`);
  }
}

/** The content of a form field. @returns {string | boolean} */
export function shownIn(/** @type {Field} */ { name, input }, /** @type {Record<string, any>} */ options) {
  const value = options[name];
  if (input === "check") return Boolean(value);
  if (input === "columns") return (value ?? []).map((/** @type {{key: string}} */ column) => column.key).join(", ");
  return value === undefined || value === null ? "" : String(value);
}

/**
 * Read the form of a tile. Options that the form does not show stay as they are.
 * @param {Widget} widget as it was
 * @param {FormData | Map<string, any>} form
 * @returns {Widget}
 * @throws {Error} with a sentence: something is missing
 */
export function readForm(widget, form) {
  const type = TYPES[widget.type];
  const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
  if (type.needs && !widget.streams.length) throw new Error("Choose a stream.");
  const options = { ...widget.options };
  for (const field of type.fields) {
    const value = readField(field, text(field.name), options);
    if (value === undefined) delete options[field.name];
    else options[field.name] = value;
  }
  checkZone(options.zone);
  if (widget.type === "room" && !options.room) throw new Error("Choose a room.");
  if (widget.type === "text" && !options.body && !widget.streams.length) throw new Error("Write a text, or choose a stream.");
  return { ...widget, title: text("title"), width: Number(text("width")), height: Number(text("height")), options };
}

/** @param {Field} field @param {string} text @param {Record<string, any>} options @returns {any} undefined: not said */
function readField({ name, input, whole, label }, text, options) {
  if (input === "check") return text ? true : undefined;
  if (!text) return undefined;
  if (input === "columns") {
    const known = /** @type {{key: string}[]} */ (options.columns ?? []);
    const keys = [...new Set(text.split(",").map((each) => each.trim()).filter(Boolean))];
    return keys.map((each) => known.find((column) => column.key === each) ?? { key: each });
  }
  if (input !== "number" && name !== "range") return text;
  const number = Number(text.replace(",", "."));
  if (!Number.isFinite(number)) throw new Error(`${label}: give a number.`);
  return whole ? Math.round(number) : number;
}
