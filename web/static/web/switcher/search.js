/**
 * What the quick switcher offers. Apps register where it looks: `sources.add(…)`.
 *
 * @typedef {{address: string, name: string, mark: string, note?: string, unread?: number, current?: boolean}} Target
 *   mark: its drawing (see `.mark`); note: a word beside the name; current: the page shows it now
 * @typedef {{now?: () => Target[], once?: () => Promise<Target[]>, find?: (typed: string) => Promise<Target[]>}} Source
 *   now: what the page knows; once: what the server knows, asked for at each opening; find: a search of the server,
 *   asked when the reader stops typing
 * @typedef {{target: Target, hits: number[]}} Result
 */
import { match } from "./match.js";

/** The most results that are shown. */
const MOST = 50;
/** Milliseconds without a key before the server is asked. */
const PAUSE_MS = 200;

/** @type {Set<Source>} */
export const sources = new Set();

export class Search {
  /** @param {{sources: Iterable<Source>, tell: () => void, timers?: any}} world  tell: called when there is more to show */
  constructor({ sources: from, tell, timers = globalThis }) {
    this.sources = from;
    this.tell = tell;
    this.timers = timers;
    this.typed = "";
    /** @type {Target[]} what the server told at this opening */
    this.told = [];
    /** @type {Target[]} what the server found for `typed` */
    this.found = [];
    this.turn = 0;
    /** @type {any} */
    this.pause = null;
  }

  /** The switcher opens: begin with everything. */
  open() {
    this.typed = "";
    this.told = [];
    this.found = [];
    const turn = this.#begin();
    for (const { once } of this.sources) if (once) void this.#take(turn, once(), (more) => this.told.push(...more));
  }

  /** The switcher closes: late answers count no more. */
  close() {
    this.#begin();
  }

  type(/** @type {string} */ typed) {
    this.typed = typed;
    this.found = [];
    this.timers.clearTimeout(this.pause);
    if (!typed.trim()) return;
    this.pause = this.timers.setTimeout(() => {
      const isStill = () => this.typed === typed;
      for (const { find } of this.sources) {
        if (find) void this.#take(this.turn, find(typed.trim()), (more) => isStill() && this.found.push(...more));
      }
    }, PAUSE_MS);
  }

  /**
   * The best first; with nothing typed the unread first, then in the order of the page.
   * @returns {Result[]}
   */
  get results() {
    /** @type {Map<string, Target>} */
    const all = new Map();
    const known = [...this.sources].flatMap(({ now }) => now?.() ?? []);
    for (const target of [...known, ...this.told, ...this.found]) if (!all.has(target.address)) all.set(target.address, target);
    const rated = [...all.values()].flatMap((target, place) => {
      const found = match(this.typed, target.name);
      const { current = false, unread = 0 } = target;
      return found ? [{ target, hits: found.hits, score: found.score + (current ? -1 : unread ? 1 : 0), place }] : [];
    });
    rated.sort((a, b) => b.score - a.score || a.place - b.place);
    return rated.slice(0, MOST).map(({ target, hits }) => ({ target, hits }));
  }

  #begin() {
    this.timers.clearTimeout(this.pause);
    return ++this.turn;
  }

  /** @param {number} turn @param {Promise<Target[]>} asked @param {(more: Target[]) => unknown} take */
  async #take(turn, asked, take) {
    try {
      const more = await asked;
      if (turn !== this.turn) return;
      take(more);
      this.tell();
    } catch {
      // Not reached: what the page knows is offered all the same.
    }
  }
}
