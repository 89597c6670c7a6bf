/** Just enough of a document for modules that touch a few elements. */

export class FakeElement extends EventTarget {
  /** @type {Record<string, string>} */
  dataset = {};
  /** @type {Map<string, string>} */
  attributes = new Map();
  /** @type {Record<string, any>} what `querySelector` finds */
  parts = {};
  /** @type {any[]} */
  children = [];
  textContent = "";
  hidden = false;
  box = { left: 0, top: 0, width: 0, height: 0 };

  /** @param {Partial<FakeElement> & Record<string, any>} [more] */
  constructor(more = {}) {
    super();
    Object.assign(this, more);
  }

  querySelector(/** @type {string} */ selector) {
    return this.parts[selector] ?? null;
  }

  querySelectorAll(/** @type {string} */ selector) {
    return this.parts[selector] ?? [];
  }

  append(/** @type {any[]} */ ...more) {
    this.children.push(...more);
  }

  replaceChildren(/** @type {any[]} */ ...children) {
    this.children = children;
  }

  setAttribute(/** @type {string} */ name, /** @type {string} */ value) {
    this.attributes.set(name, value);
  }

  toggleAttribute(/** @type {string} */ name, /** @type {boolean} */ on) {
    if (on) this.attributes.set(name, "");
    else this.attributes.delete(name);
  }

  getBoundingClientRect() {
    const { left, top, width, height } = this.box;
    return { ...this.box, right: left + width, bottom: top + height };
  }

  /** Something happens to it. Returns the event. */
  happens(/** @type {string} */ type, /** @type {object} */ more = {}) {
    const event = Object.assign(new Event(type, { cancelable: true }), more);
    this.dispatchEvent(event);
    return event;
  }
}

/** A document with a root element, which makes elements. */
export class FakeDocument extends FakeElement {
  documentElement = new FakeElement();
  body = new FakeElement();
  visibilityState = "visible";
  cookie = "";

  createElement(/** @type {string} */ name) {
    return new FakeElement({ localName: name });
  }

  getElementById(/** @type {string} */ id) {
    return this.querySelector(`#${id}`);
  }
}

/** Put globals into this process, and return what puts back those that were there. */
export function pretend(/** @type {Record<string, any>} */ globals) {
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, was] of /** @type {[string, PropertyDescriptor | undefined][]} */ (before)) {
      if (was) Object.defineProperty(globalThis, name, was);
      else delete (/** @type {any} */ (globalThis)[name]);
    }
  };
}
