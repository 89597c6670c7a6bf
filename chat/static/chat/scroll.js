/** Where a reader is in a list that grows at both ends, and keeping him there. */

const AT_END = 48;
const NEAR_START = 400;

export class Scroll {
  constructor() {
    /** @type {HTMLElement | null} */
    this.box = null;
    this.atEnd = true;
    this.toldEnd = true;
    /** @type {{seq: string, top: number} | null} what was at the top before the list changed */
    this.anchor = null;
    /** @type {ResizeObserver | null} */
    this.sizes = null;
  }

  /** Look after `box`; `onScroll` is called when the reader has moved. */
  watch(/** @type {HTMLElement} */ box, /** @type {() => void} */ onScroll) {
    this.box = box;
    box.addEventListener("scroll", () => {
      this.#look();
      onScroll();
    }, { passive: true });
    // A composer that grows or a keyboard that opens must not hide the end.
    this.sizes = new ResizeObserver(() => this.atEnd && this.toEnd());
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
    return this.box !== null && this.box.scrollTop < NEAR_START;
  }

  /** Before the list changes: remember what the reader sees at the top. */
  remember() {
    this.anchor = null;
    const { box } = this;
    if (!box || this.atEnd) return;
    const edge = box.getBoundingClientRect().top;
    // Messages only: a day's name moves up when more of that day is read.
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("[data-seq]"))) {
      const { top, bottom } = element.getBoundingClientRect();
      if (bottom <= edge) continue;
      this.anchor = { seq: element.dataset.seq ?? "", top };
      return;
    }
  }

  /** After the list has changed: put it back there, or stay at the end. */
  restore() {
    const { box, anchor } = this;
    if (!box) return;
    if (this.atEnd) return this.toEnd();
    const element = anchor && box.querySelector(`[data-seq="${anchor.seq}"]`);
    if (element && anchor) box.scrollTop += element.getBoundingClientRect().top - anchor.top;
  }

  /** First view: the end, or where the news begins when that is further up. */
  begin(/** @type {Element | null} */ line) {
    this.toEnd();
    if (!this.box || !line) return;
    const above = line.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
    if (above >= 0) return;
    this.box.scrollTop += above - 24;
    this.#look();
  }

  toEnd() {
    const { box } = this;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    this.atEnd = true;
  }

  to(/** @type {HTMLElement} */ element) {
    element.scrollIntoView({ block: "center" });
    this.#look();
  }

  /** The seq of the last message that can be seen whole (or that fills the view). */
  lastSeen() {
    const { box } = this;
    if (!box) return 0;
    const { top, bottom } = box.getBoundingClientRect();
    const all = /** @type {HTMLElement[]} */ ([...box.querySelectorAll("[data-seq]")]);
    const seen = all.findLast((element) => {
      const place = element.getBoundingClientRect();
      return place.bottom <= bottom + 2 || (place.top <= top && place.bottom >= bottom);
    });
    return Number(seen?.dataset.seq ?? 0);
  }

  #look() {
    const { box } = this;
    if (!box) return;
    this.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < AT_END;
  }
}
