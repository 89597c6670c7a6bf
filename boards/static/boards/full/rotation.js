/**
 * Which board of a wall is shown at which time, and which of its pages. Pure: the caller gives the time.
 *
 * @typedef {{board: string, dwell: number, from: string | null, until: string | null}} Slot
 *   dwell: seconds; from, until: "08:00" where the board is
 */

/** The least seconds that a board stays after a jump to it. */
const JUMP = 20;
/** Seconds after a jump in which the same stream causes no other: a value may swing around its limit. */
const REST = 120;
/** The least seconds for a page; a board with many pages stays longer than its own time. */
const PAGE = 8;

export class Rotation {
  constructor() {
    /** @type {Slot[]} */
    this.slots = [];
    /** The slot whose turn it is; the rotation goes on from it after a jump. @type {Slot | null} */
    this.turn = null;
    /** When its turn ends, unix milliseconds. */
    this.ends = 0;
    /** The length of its turn, milliseconds; its pages share it. */
    this.length = 0;
    /** Streams that became critical and whose boards wait to be shown, oldest first. @type {{board: string, stream: string}[]} */
    this.alarms = [];
    /** A board that is shown out of turn, for these streams. @type {{board: string, streams: string[], begins: number, ends: number} | null} */
    this.jump = null;
    /** When the wall last jumped for each stream, unix milliseconds. @type {Map<string, number>} */
    this.jumped = new Map();
    /** By board and stream: whether the stream was critical when last known. @type {Map<string, Map<string, boolean>>} */
    this.critical = new Map();
  }

  /** Take a new plan. The shown board stays for its time if the plan still has it. */
  setPlan(/** @type {Slot[]} */ slots) {
    this.slots = slots;
    const known = new Set(slots.map(({ board }) => board));
    this.turn = slots.find(({ board }) => board === this.turn?.board) ?? null;
    this.alarms = this.alarms.filter(({ board }) => known.has(board));
    if (this.jump && !known.has(this.jump.board)) this.jump = null;
    for (const board of this.critical.keys()) if (!known.has(board)) this.critical.delete(board);
  }

  /**
   * Say which streams of a board are critical. When a stream becomes critical, or is so at first sight, its board is
   * shown next. Streams that are left out are unknown, so they stay as they were.
   * @param {string} board
   * @param {Map<string, boolean>} streams as of `criticalOf`
   */
  note(board, streams) {
    const before = this.critical.get(board) ?? new Map();
    this.critical.set(board, before);
    for (const [stream, critical] of streams) {
      if (critical && !before.get(stream)) this.alarms.push({ board, stream });
      before.set(stream, critical);
    }
    // A stream that is well again, or unknown, needs no jump.
    this.alarms = this.alarms.filter((alarm) => alarm.board !== board || streams.get(alarm.stream));
  }

  /**
   * The board to show at `now`; "" when none is shown at this hour.
   * @param {number} now unix milliseconds
   * @param {(board: string) => string} zoneOf the time zone of a board, "" for the screen's own
   * @param {(board: string) => number} pagesOf how many pages a board has on this screen
   * @returns {string}
   */
  show(now, zoneOf = () => "", pagesOf = () => 1) {
    const open = this.slots.filter((slot) => isOpen(slot, now, zoneOf(slot.board)));
    if (!open.length) {
      this.turn = this.jump = null;
      return "";
    }
    return this.#jumped(now, open) ?? this.#turned(now, open, pagesOf);
  }

  /**
   * Which page of the shown board to show. Each has the same share of the turn; a jump shows the pages with its
   * streams.
   * @param {number} now unix milliseconds
   * @param {{streams: string[]}[][]} pages its tiles
   * @returns {number} from 0
   */
  page(now, pages) {
    const { jump } = this;
    const at = (/** @type {number} */ begins, /** @type {number} */ ends, /** @type {number} */ count) =>
      Math.min(count - 1, Math.max(0, Math.floor((count * (now - begins)) / (ends - begins || 1))));
    if (!jump) return at(this.ends - this.length, this.ends, pages.length);
    const those = pages.flatMap((tiles, page) => (tiles.some(({ streams }) => streams.some((slug) => jump.streams.includes(slug))) ? page : []));
    return those[at(jump.begins, jump.ends, those.length)] ?? 0;
  }

  /**
   * Somebody turns to the next page (1) or the one before (-1). It is shown for its share from now on. This ends a
   * jump; the turn goes on with the board that the jump showed.
   * @param {1 | -1} step @param {number} now @param {{streams: string[]}[][]} pages
   */
  turnPage(step, now, pages) {
    const next = (this.page(now, pages) + step + pages.length) % pages.length;
    const { jump } = this;
    const shown = jump && this.slots.find(({ board }) => board === jump.board);
    if (shown && shown !== this.turn) [this.turn, this.length] = [shown, lengthOf(shown, pages.length)];
    this.jump = null;
    this.ends = now + this.length * (1 - next / pages.length);
  }

  /** @param {number} now @param {Slot[]} open @returns {string | null} */
  #jumped(now, open) {
    if (this.jump && now >= this.jump.ends) this.jump = null;
    this.alarms = this.alarms.filter(({ board, stream }) => now - (this.jumped.get(`${board} ${stream}`) ?? -Infinity) >= REST * 1000);
    const [next] = this.alarms.flatMap(({ board }) => open.find((slot) => slot.board === board) ?? []);
    // Another critical stream keeps its board on the screen, unless another board waits.
    if (next && (!this.jump || this.jump.board === next.board)) this.#jumpTo(next, now);
    return this.jump?.board ?? null;
  }

  /** @param {Slot} slot @param {number} now */
  #jumpTo({ board, dwell }, now) {
    const streams = this.alarms.filter((alarm) => alarm.board === board).map(({ stream }) => stream);
    for (const stream of streams) this.jumped.set(`${board} ${stream}`, now);
    this.alarms = this.alarms.filter((alarm) => alarm.board !== board);
    const ends = now + Math.max(JUMP, dwell) * 1000;
    // The interrupted turn gets its lost time back.
    if (this.turn) this.ends += ends - (this.jump?.ends ?? now);
    this.jump = { board, streams, begins: now, ends };
  }

  /** @param {number} now @param {Slot[]} open @param {(board: string) => number} pagesOf */
  #turned(now, open, pagesOf) {
    const { turn } = this;
    if (!turn || !open.includes(turn) || now >= this.ends) {
      const after = turn ? this.slots.indexOf(turn) + 1 : 0;
      const next = [...this.slots.slice(after), ...this.slots.slice(0, after)].find((slot) => open.includes(slot));
      this.turn = next ?? open[0];
      this.length = 0;
      this.ends = now;
    }
    // Computed again each time: a board may arrive, or get more pages, during its turn.
    const length = Math.max(this.length, this.turn ? lengthOf(this.turn, pagesOf(this.turn.board)) : 0);
    this.ends += length - this.length;
    this.length = length;
    return this.turn?.board ?? "";
  }
}

/** The length of the turn of a board with this many pages, milliseconds. @param {Slot} slot @param {number} pages */
const lengthOf = ({ dwell }, pages) => 1000 * (pages > 1 ? Math.max(dwell, pages * PAGE) : dwell);

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** "16:58" in a time zone, "" for this machine's. */
function hourIn(/** @type {number} */ now, /** @type {string} */ timeZone) {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(timeZone && { timeZone }) });
    formats.set(timeZone, format);
  }
  return format.format(now);
}

/**
 * True in the hours of a slot: from `from` until before `until`, over midnight when `until` is earlier.
 * @param {Slot} slot @param {number} now @param {string} zone
 */
export function isOpen({ from, until }, now, zone) {
  if (from === null && until === null) return true;
  const [hour, begin, end] = [hourIn(now, zone), from ?? "00:00", until ?? "24:00"];
  return begin < end ? begin <= hour && hour < end : hour >= begin || hour < end;
}
