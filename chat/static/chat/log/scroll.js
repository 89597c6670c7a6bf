/** Keeps the reader's position in a list that grows at both ends. */

const AT_END = 48;
const NEAR = 400;

export class Scroll {
  constructor() {
    /** @type {HTMLElement | null} */
    this.box = null;
    /** Whether the list reaches the end of the log. If not, its end is not the place to wait for new messages. */
    this.whole = true;
    this.atEnd = true;
    this.toldEnd = true;
    /** @type {{seq: number, top: number} | null} the message at the top of the view, and how far it is below the edge */
    this.anchor = null;
    this.size = "";
    /** @type {ResizeObserver | null} */
    this.sizes = null;
  }

  /** Watch `box`; `onScroll` is called when the reader has moved. */
  watch(/** @type {HTMLElement} */ box, /** @type {() => void} */ onScroll) {
    this.box = box;
    box.addEventListener("scroll", () => {
      this.look();
      onScroll();
    }, { passive: true });
    // When the composer grows, a keyboard opens or a phone is turned, the reader keeps the position.
    this.sizes = new ResizeObserver(() => this.#resized());
    this.sizes.observe(box);
  }

  stop() {
    this.sizes?.disconnect();
  }

  /** Whether the reader has reached or left the end since the last call. */
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

  /** Before the list changes: remember the message at the top of the view. */
  remember() {
    this.#resized();
    this.anchor = this.atEnd ? null : this.#top();
  }

  /** After the list has changed: restore that position, or stay at the end. False when that message is gone. */
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

  /** First view: the end, or the first new message when that is further up. */
  begin(/** @type {Element | null} */ line) {
    this.toEnd();
    if (!this.box || !line) return;
    const above = line.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
    if (above >= 0) return;
    this.box.scrollTop += above - 24;
    this.look();
  }

  /** First view of a list that was shown before: `restore` then moves to `anchor`. */
  startAt(/** @type {{seq: number, top: number}} */ anchor) {
    this.atEnd = false;
    this.anchor = anchor;
    this.#measure();
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

  /** The reader or the list has moved: note the new position. */
  look() {
    const { box } = this;
    if (!box || this.#measured() !== this.size) return this.#resized();
    this.atEnd = this.#below(box) < AT_END && (this.whole || this.atEnd);
    this.anchor = this.atEnd ? null : this.#top();
  }

  /** The seq of the last message that is fully visible (or fills the view). */
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

  /** The box may have a new size: keep the same message at the top. */
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

  /**
   * The message at the top. (Not the name of a day, which moves when more of the day loads.) A binary search, since
   * they are in order.
   */
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
