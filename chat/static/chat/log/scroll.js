/** Where a reader is in a list that grows at both ends, and keeping them there. */

const AT_END = 48;
const NEAR = 400;

export class Scroll {
  constructor() {
    /** @type {HTMLElement | null} */
    this.box = null;
    /** Whether the list ends where the log does: at the end of less, nobody waits for what comes. */
    this.whole = true;
    this.atEnd = true;
    this.toldEnd = true;
    /** @type {{seq: number, top: number} | null} what is at the top of the view, and how far below its edge */
    this.anchor = null;
    this.size = "";
    /** @type {ResizeObserver | null} */
    this.sizes = null;
  }

  /** Look after `box`; `onScroll` is called when the reader has moved. */
  watch(/** @type {HTMLElement} */ box, /** @type {() => void} */ onScroll) {
    this.box = box;
    box.addEventListener("scroll", () => {
      this.look();
      onScroll();
    }, { passive: true });
    // A composer that grows, a keyboard that opens, a phone that is turned: the reader stays where they read.
    this.sizes = new ResizeObserver(() => this.#resized());
    this.sizes.observe(box);
  }

  stop() {
    this.sizes?.disconnect();
  }

  /** Whether the reader has come to the end or left it since this was last asked. */
  turned() {
    const turned = this.toldEnd !== this.atEnd;
    this.toldEnd = this.atEnd;
    return turned;
  }

  get nearStart() {
    return this.box !== null && this.box.scrollTop < NEAR;
  }

  get nearEnd() {
    return this.box !== null && this.#below(this.box) < NEAR;
  }

  /** Before the list changes: remember what the reader sees at the top. */
  remember() {
    this.#resized();
    this.anchor = this.atEnd ? null : this.#top();
  }

  /** After the list has changed: put it back there, or stay at the end. False when it is in the list no more. */
  restore() {
    const { box, anchor } = this;
    if (!box) return true;
    if (this.atEnd) {
      this.toEnd();
      return true;
    }
    const element = anchor && box.querySelector(`[data-seq="${anchor.seq}"]`);
    if (!element || !anchor) return !anchor;
    box.scrollTop += element.getBoundingClientRect().top - box.getBoundingClientRect().top - anchor.top;
    this.look();
    return true;
  }

  /** First view: the end, or where the news begins when that is further up. */
  begin(/** @type {Element | null} */ line) {
    this.toEnd();
    if (!this.box || !line) return;
    const above = line.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
    if (above >= 0) return;
    this.box.scrollTop += above - 24;
    this.look();
  }

  toEnd() {
    const { box } = this;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    this.atEnd = true;
    this.anchor = null;
    this.#measure();
  }

  to(/** @type {HTMLElement} */ element) {
    this.atEnd = false;
    element.scrollIntoView({ block: "center" });
    this.look();
  }

  /** The reader has moved, or the list: note where they are now. */
  look() {
    const { box } = this;
    if (!box || this.#measured() !== this.size) return this.#resized();
    this.atEnd = this.#below(box) < AT_END && (this.whole || this.atEnd);
    this.anchor = this.atEnd ? null : this.#top();
  }

  /** The seq of the last message that can be seen whole (or that fills the view). */
  lastSeen() {
    const { box } = this;
    if (!box) return 0;
    const { top, bottom } = box.getBoundingClientRect();
    const seen = messages(box).findLast((element) => {
      const place = element.getBoundingClientRect();
      return place.bottom <= bottom + 2 || (place.top <= top && place.bottom >= bottom);
    });
    return Number(seen?.dataset.seq ?? 0);
  }

  /** The box may have another size: what was at the top in the old one is at the top in this. */
  #resized() {
    if (!this.box || this.#measured() === this.size) return;
    this.#measure();
    this.restore();
  }

  #measure() {
    this.size = this.#measured();
  }

  #measured() {
    return this.box ? `${this.box.clientWidth} ${this.box.clientHeight}` : "";
  }

  #below(/** @type {HTMLElement} */ box) {
    return box.scrollHeight - box.scrollTop - box.clientHeight;
  }

  /** Messages only: a day's name moves up when more of that day is read. They stand in order, so half of them will do. */
  #top() {
    const { box } = this;
    if (!box) return null;
    const edge = box.getBoundingClientRect().top;
    const all = messages(box);
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle].getBoundingClientRect().bottom <= edge) low = middle + 1;
      else high = middle;
    }
    const found = all[low];
    return found ? { seq: Number(found.dataset.seq), top: found.getBoundingClientRect().top - edge } : null;
  }
}

/** @returns {HTMLElement[]} */
const messages = (/** @type {HTMLElement} */ box) => [...box.querySelectorAll("[data-seq]")].map((each) => /** @type {HTMLElement} */ (each));
