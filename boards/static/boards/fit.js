/**
 * What fits on a wall: rows on a page, tiles on pages, letters and columns in a tile, and what small tiles leave out.
 * Pure.
 *
 * Lengths are in hundredths of the screen's shorter side (vmin in CSS): 10.8 px at 1080p, 21.6 px at 4K.
 * full-tiles.css and full-kinds.css have the same measures; tests/browser/screens/test_wall_tiles.py compares the two.
 *
 * @typedef {import("./state/board-state.js").Widget} Widget
 * @typedef {{width: number, height: number}} Space a screen, in pixels
 */

/** The screen that notes to an editor assume. @type {Space} */
export const WALL = { width: 1920, height: 1080 };
/** Columns of a board. */
const COLUMNS = 12;
/** The smallest type size of a value, and of rows. */
const VALUE = 100 / 30;
const ROW = 100 / 45;
/** The width of a bold digit as a share of its height, in DejaVu: the widest of the fonts that we name. */
const DIGIT = 0.68;
/** The least height of a tile with one value: borders and padding, title and value together. */
const LEAST_TILE = 8;
/** In rem: the padding of the page, its head, and the banner of a screen that is not connected. */
const FRAME = 3 + 2.75 + 4.25;
/** In rem: between tiles, and the padding and borders of a tile, left and right. */
const GAP = 1;
const PADDING = 2.2;

/** One rem of a wall's page (full.css), in hundredths of the screen's shorter side. @param {Space} space */
const rem = ({ width, height }) => (100 * Math.min(0.0125 * width, 0.0186 * height)) / Math.min(width, height);

/** How many rows a page holds with every value readable; never fewer than the tallest tile has. @param {Space} space */
export function rowsThatFit(space) {
  const whole = (100 * space.height) / Math.min(space.width, space.height);
  const [gap, frame] = [GAP * rem(space), FRAME * rem(space)];
  return Math.max(6, Math.floor((whole - frame + gap) / (LEAST_TILE + gap)));
}

/** How many columns a tile takes; on an upright screen, half of them or all. @param {number} width @param {Space} space */
const spanOf = (width, space) => (space.height > space.width ? (width < COLUMNS / 2 ? COLUMNS / 2 : COLUMNS) : width);

/**
 * Split a board's tiles into pages: in order, no tile cut, about the same number of rows on each.
 * @param {Widget[]} widgets
 * @param {Space} [space]
 * @param {number} [rows] that a page holds
 * @returns {Widget[][]} one page at least
 */
export function pagesOf(widgets, space = WALL, rows = rowsThatFit(space)) {
  const count = filled(widgets, rows, space).length;
  let even = rows;
  while (even > 1 && filled(widgets, even - 1, space).length === count) even -= 1;
  return filled(widgets, even, space);
}

/** @param {Widget[]} widgets @param {number} rows @param {Space} space @returns {Widget[][]} */
function filled(widgets, rows, space) {
  /** @type {Widget[][]} */
  const pages = [[]];
  let grid = new Grid(space);
  for (const widget of widgets) {
    const page = pages[pages.length - 1];
    if (page.length && grid.bottomOf(widget) > rows) {
      pages.push([widget]);
      grid = new Grid(space);
    } else page.push(widget);
    grid.put(widget);
  }
  return pages;
}

/** How many rows tiles take together. @param {Widget[]} widgets @param {Space} [space] */
export function rowsOf(widgets, space = WALL) {
  const grid = new Grid(space);
  for (const widget of widgets) grid.put(widget);
  return grid.rows.length;
}

/** Where the browser puts tiles: each into the first free area it fits (grid-auto-flow: row dense). */
class Grid {
  /** @type {boolean[][]} which columns of each row are taken */
  rows = [];

  constructor(/** @type {Space} */ space) {
    this.space = space;
  }

  /** @param {Widget} widget @returns {[number, number]} row, column */
  #placeOf({ width: columns, height }) {
    const width = spanOf(columns, this.space);
    for (let row = 0; ; row++) {
      for (let column = 0; column + width <= COLUMNS; column++) if (this.#isFree(row, column, width, height)) return [row, column];
    }
  }

  /** @param {number} row @param {number} column @param {number} width @param {number} height */
  #isFree(row, column, width, height) {
    for (let y = row; y < Math.min(row + height, this.rows.length); y++) {
      for (let x = column; x < column + width; x++) if (this.rows[y][x]) return false;
    }
    return true;
  }

  /** The number of rows with this tile added. @param {Widget} widget */
  bottomOf(widget) {
    return Math.max(this.rows.length, this.#placeOf(widget)[0] + widget.height);
  }

  put(/** @type {Widget} */ widget) {
    const [row, column] = this.#placeOf(widget);
    for (let y = row; y < row + widget.height; y++) {
      this.rows[y] ??= [];
      for (let x = column; x < column + spanOf(widget.width, this.space); x++) this.rows[y][x] = true;
    }
  }
}

/** The width inside a tile. @param {number} width @param {Space} space */
function insideOf(width, space) {
  const columns = spanOf(width, space);
  const one = rem(space);
  const board = (100 * space.width) / Math.min(space.width, space.height) - 3 * one;
  const column = (board - (COLUMNS - 1) * GAP * one) / COLUMNS;
  return columns * column + (columns - 1) * GAP * one - PADDING * one;
}

/** Whether a value of this width (see length.js) fits into a tile in the smallest type. @param {number} letters @param {number} columns @param {Space} space */
export const fitsAcross = (letters, columns, space) => letters * DIGIT * VALUE <= insideOf(columns, space);

/**
 * How many columns of a table fit beside its first, at least one. The first always keeps room for some letters.
 * @param {number[]} letters of the widest cell in each column
 * @param {number} columns the tile's width
 * @param {Space} space
 */
export function columnsThatFit(letters, columns, space) {
  const [letter, padding] = [0.64 * ROW, 0.8 * rem(space)];
  let room = insideOf(columns, space) - (8 * letter + padding);
  let fit = 0;
  for (const each of letters) {
    room -= each * letter + padding;
    if (room < (fit + 1 < letters.length ? 3 * letter : 0)) break;
    fit += 1;
  }
  return Math.max(1, fit);
}

/** The height of a tile on a page with this many rows. @param {Widget} widget @param {number} rows @param {Space} space */
export function heightOf({ height }, rows, space) {
  const gap = GAP * rem(space);
  const whole = (100 * space.height) / Math.min(space.width, space.height) - 5.75 * rem(space);
  const row = (whole - (rows - 1) * gap) / rows;
  return height * row + (height - 1) * gap;
}

/** By type: below each height the tile leaves this out. It leaves out the last ones first. @type {Record<string, [number, string][]>} */
const NEEDS = {
  number: [[14, "its chart, change and note"]],
  gauge: [[20, "its ring"]],
  line: [[17, "its chart, with the newest values only"]],
  clock: [[14, "the day"]],
  table: [[15, "its headings"]],
  room: [[14, "who is there"]],
};

/** What a tile this small leaves out on a wall: "its ring", or "". @param {Widget} widget @param {number} rows of its page @param {Space} [space] */
export function lossOf(widget, rows, space = WALL) {
  const height = heightOf(widget, rows, space);
  return NEEDS[widget.type]?.find(([least]) => height < least)?.[1] ?? "";
}

/**
 * What the editor of a board is told about how it fits on a wall: one sentence, and notes on single tiles.
 * @param {Widget[]} widgets
 * @returns {{sentence: string, notes: Map<Widget, string>}}
 */
export function onWall(widgets) {
  const pages = pagesOf(widgets);
  /** @type {Map<Widget, string>} */
  const notes = new Map();
  for (const [index, page] of pages.entries()) {
    const rows = rowsOf(page);
    for (const widget of page) {
      const begins = index && widget === page[0] ? `page ${index + 1} begins here` : "";
      const loss = lossOf(widget, rows);
      const note = [begins, loss && `without ${loss}`].filter(Boolean).join(", ");
      if (note) notes.set(widget, `On a wall: ${note}`);
    }
  }
  return { sentence: `On a wall this board takes ${pages.length === 1 ? "one page" : `${pages.length} pages`}.`, notes };
}
