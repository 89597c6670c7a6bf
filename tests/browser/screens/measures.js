/** Measures what can be seen of a wall's tiles. `measures.faults()` is empty when every value can be read. */
(() => {
  const SIGNS = { crit: "■", warn: "▲" };
  /** The least type sizes, as shares of the screen's shorter side: of a tile's value, and of rows and sentences. */
  const [VALUE, ROW] = [1 / 30, 1 / 45];
  const WORD = 12;
  const side = () => Math.min(innerWidth, innerHeight);
  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0;

  /** The boxes of an element's own letters, without the room around them. */
  function inkOf(element) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const boxes = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.data.trim() || node.parentElement.closest(".visually-hidden") || !isShown(node.parentElement)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const height = 0.7 * parseFloat(getComputedStyle(node.parentElement).fontSize);
      for (const { left, right, top, bottom } of range.getClientRects()) {
        const middle = (top + bottom) / 2;
        if (right - left > 1) boxes.push({ left, right, top: middle - height / 2, bottom: middle + height / 2 });
      }
    }
    return boxes;
  }

  /** Why a box of an element is not wholly visible within `limit`; "" when it is. */
  function hidden(element, box, limit) {
    // What is placed by itself is clipped by what it is placed in.
    const next = (each) => (getComputedStyle(each).position === "absolute" ? each.offsetParent : each.parentElement);
    for (let each = element; each !== limit.parentElement; each = next(each)) {
      const clips = each === limit || getComputedStyle(each).overflowX !== "visible" || getComputedStyle(each).overflowY !== "visible";
      const { left, right, top, bottom } = each.getBoundingClientRect();
      if (!clips || getComputedStyle(each).display === "inline") continue;
      const slack = each === limit ? 0 : 1.5 + (parseFloat(getComputedStyle(each).overflowClipMargin) || 0);
      if (box.left < left - slack || box.right > right + slack || box.top < top - slack || box.bottom > bottom + slack) {
        return `sticks out of .${each.className || each.localName}`;
      }
    }
    const { left, right, top, bottom } = box;
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    for (const [across, down] of [[left + 1, top + 1], [right - 1, top + 1], [left + 1, bottom - 1], [right - 1, bottom - 1], [x, y]]) {
      const met = document.elementFromPoint(across, down);
      if (!met || !(element.contains(met) || met.contains(element))) return `is covered by .${met?.className.baseVal ?? met?.className}`;
    }
    return "";
  }

  const isWhole = (element, limit) => {
    const boxes = inkOf(element);
    return isShown(element) && boxes.length > 0 && boxes.every((box) => !hidden(element, box, limit));
  };

  const isMarkSeen = (mark, limit) => {
    const sign = mark.querySelector("svg");
    return isShown(sign) && !hidden(sign, sign.getBoundingClientRect(), limit) && (!inkOf(mark).length || isWhole(mark, limit));
  };

  /** The faults of one value. */
  function faultsOf(element, limit, least) {
    const text = element.textContent.trim().replace(/\s+/g, " ");
    const boxes = inkOf(element);
    if (!isShown(element) || !boxes.length) return [`"${text}" is not shown`];
    const why = boxes.map((box) => hidden(element, box, limit)).find(Boolean);
    const size = parseFloat(getComputedStyle(element).fontSize);
    const scale = element instanceof SVGElement ? element.getScreenCTM().a : 1;
    return [
      ...(why ? [`"${text}" ${why}`] : []),
      ...(size * scale < least * side() - 0.5 ? [`"${text}" has type of ${(size * scale).toFixed(1)} px`] : []),
    ];
  }

  /** Checks rows: those above the notice of more rows can be read, and so can the beginnings of their names. */
  function faultsOfRows(tile, section) {
    const rows = [...tile.querySelectorAll(".list li, .status-list li, .rows:not(.chart__table) tbody tr")];
    const body = tile.querySelector(".tile__body");
    const more = body.hasAttribute("data-cut") ? tile.querySelector(".tile__more") : null;
    const isBelow = more && more.getBoundingClientRect().top > body.getBoundingClientRect().top;
    const end = isBelow ? more.getBoundingClientRect().top + parseFloat(getComputedStyle(more).paddingTop) / 2 : Infinity;
    const seen = rows.filter((row) => isShown(row) && row.getBoundingClientRect().bottom <= end + 2);
    const faults = seen.length ? [] : ["no row is seen"];
    if (more && more.innerText.match(/\d+/)?.[0] !== String(rows.length - seen.length)) {
      faults.push(`says "${more.textContent.trim()}" of ${rows.length} rows, ${seen.length} seen`);
    }
    if (more) faults.push(...faultsOf(more, section, 0));
    for (const row of seen) {
      const name = row.querySelector(".list__name, .status-list__name, th");
      const value = row.querySelector(".list__value, .status-list__text, td");
      // The words of a status may end early where its sign is in the row; a number never does.
      const isBegun = value.matches(".status-list__text") && value.clientWidth > 3 * parseFloat(getComputedStyle(value).fontSize);
      if (!isBegun) faults.push(...faultsOf(value, section, ROW));
      const size = parseFloat(getComputedStyle(name).fontSize);
      const isCut = name.scrollWidth > name.clientWidth + 1;
      if (isCut && name.clientWidth < 4 * size) faults.push(`the name "${name.textContent.trim()}" is ${name.clientWidth} px wide`);
    }
    return faults;
  }

  function faultsOfTile(tile) {
    const section = tile.querySelector(".tile");
    const all = (selector) => [...tile.querySelectorAll(selector)];
    const first = (selector) => all(selector).filter(isShown).slice(0, 1);
    const { type } = tile.dataset;
    const value = { number: ".figure", clock: ".clock", gauge: ".figure, .gauge__number", status: ".status" }[type];
    if (section.dataset.truth === "empty") return [];
    if (all(".status-list, .list, .rows:not(.chart__table)").length) return faultsOfRows(tile, section);
    if (type === "line") return faultsOfSome(tile, section, ".legend b");
    // A text that is too long for its tile fades out.
    if (type === "text") return tile.querySelector("[data-cut]") ? [] : faultsOf(tile.querySelector(".words, .prose"), section, ROW);
    if (type === "room") return faultsOf(all(".talk .prose").at(-1) ?? section, section, ROW);
    const shown = first(value);
    // A word or two is read like a number; a sentence like a row.
    const least = type === "status" && tile.querySelector(".status span:last-child").textContent.length > WORD ? ROW : VALUE;
    return shown.length ? shown.flatMap((element) => faultsOf(element, section, least)) : ["no value is shown"];
  }

  /** Checks stacked things: at least the first can be read, and a notice counts those that cannot. */
  function faultsOfSome(tile, section, selector) {
    const [some] = tile.querySelectorAll(selector);
    const isCut = tile.querySelector("[data-cut]");
    return isCut ? faultsOf(some, section, ROW) : [...tile.querySelectorAll(selector)].flatMap((each) => faultsOf(each, section, ROW));
  }

  /** The words that say how a tile is are whole, or their sign stands for them. */
  function faultsOfWords(tile) {
    const section = tile.querySelector(".tile");
    const words = [...tile.querySelectorAll(".level, .tile__note, .tile__age, .tile__title")].filter((each) => isShown(each) && inkOf(each).length);
    const faults = words
      .filter((each) => each.matches(".level, .tile__age"))
      .filter((each) => each.scrollWidth > each.clientWidth + 1 || !isWhole(each, section))
      .map((each) => `the words "${each.textContent.trim()}" are not whole`);
    const tells = (sign) => [...tile.querySelectorAll("*")].some((each) => !each.children.length && each.textContent.includes(sign) && isWhole(each, section));
    const { truth } = section.dataset;
    if (["old", "failing", "unknown"].includes(truth) && ![...tile.querySelectorAll(`.truth-mark[data-truth=${truth}]`)].some((mark) => isMarkSeen(mark, section))) {
      faults.push(`nothing says ${truth}`);
    }
    const level = tile.querySelector(".figure[data-level], .gauge[data-level], .status[data-level]")?.dataset.level;
    // What is old or failing tells of no level.
    if (truth === "fresh" && SIGNS[level] && !tells(SIGNS[level])) faults.push(`nothing says ${level}`);
    if (!words.some((each) => each.matches(".tile__title") && isWhole(each, section)) && tile.querySelector(".tile__title")) {
      const title = tile.querySelector(".tile__title");
      const start = inkOf(title)[0];
      const point = start && document.elementFromPoint(start.left + 2, (start.top + start.bottom) / 2);
      if (!point || !title.contains(point)) faults.push("its title is not shown");
    }
    return faults;
  }

  globalThis.measures = {
    faults() {
      // What lets the pointer through covers all the same.
      const style = new CSSStyleSheet();
      style.replaceSync("* { pointer-events: auto !important; }");
      document.adoptedStyleSheets = [style];
      const faults = this.ofTiles();
      document.adoptedStyleSheets = [];
      return faults;
    },
    ofTiles() {
      return [...document.querySelectorAll("board-tile")].filter(isShown).flatMap((tile) =>
        [...faultsOfTile(tile), ...faultsOfWords(tile)].map((fault) => `${tile.dataset.type} ${tile.widget.id} (${tile.widget.width} wide): ${fault}`),
      );
    },
    /** Reasons that take a line where rows are cut, and those that take more than one beside rows. */
    reasonsBesideCutRows() {
      return [...document.querySelectorAll("board-tile")].filter(isShown).flatMap((tile) => {
        const isCut = tile.querySelector(".tile__body[data-cut]");
        const foot = tile.querySelector(".tile__foot");
        const height = foot && !getComputedStyle(tile.querySelector(".tile")).display.includes("grid") ? foot.getBoundingClientRect().height : 0;
        const most = isCut ? 1 : 2 * parseFloat(getComputedStyle(document.documentElement).fontSize);
        return height > most ? [`${tile.dataset.type} ${tile.widget.id}: ${isCut ? "cut, and " : ""}its reasons are ${height} px high`] : [];
      });
    },
    /** Whether the first line of a sentence can be read. */
    isBegun(note) {
      const [first] = inkOf(note);
      return isShown(note) && Boolean(first) && !hidden(note, first, note.closest(".tile"));
    },
    pages() {
      const view = document.querySelector("board-view");
      return view.pagesOf?.(view.screen.state.board).length ?? 1;
    },
    /** Turns to a page by the keyboard. (The wall would undo a page set from outside at its next tick.) */
    async faultsOfPage(page) {
      const view = document.querySelector("board-view");
      for (let turns = 0; view.page !== page && turns < this.pages(); turns++) {
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      }
      await this.drawn();
      return view.page === page ? this.faults() : [`page ${view.page + 1} is shown instead`];
    },
    /** Tiles that do without something that fit.js does not say, or the other way round. */
    async disagreements() {
      const { lossOf, rowsOf } = await import("boards/fit.js");
      const parts = { number: ".spark", gauge: ".gauge:not([data-length]) .gauge__dial", line: ".chart__plot", clock: ".clock__day", table: "thead", room: "room-tile > .tile__foot" };
      const tiles = [...document.querySelectorAll("board-tile")].filter(isShown);
      const space = { width: innerWidth, height: innerHeight };
      const rows = rowsOf(tiles.map(({ widget }) => widget), space);
      return tiles.flatMap((tile) => {
        const part = tile.querySelector(parts[tile.dataset.type] ?? "none");
        const loss = lossOf(tile.widget, rows, space);
        return part && isShown(part) === Boolean(loss) ? [`${tile.dataset.type} ${tile.widget.id}: without "${loss}"`] : [];
      });
    },
    /**
     * Simulates Chrome's translation: each text that may be translated moves into <font> elements, in a new text node.
     * Returns the number of texts.
     */
    translate() {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.data.trim() && node.parentElement.translate && !node.parentElement.closest("script, style, svg, noscript, font")) texts.push(node);
      }
      for (const node of texts) {
        const [outer, inner] = [document.createElement("font"), document.createElement("font")];
        inner.textContent = `[${node.data}]`;
        outer.append(inner);
        node.replaceWith(outer);
      }
      return texts.length;
    },
    /** Waits until the board of a snapshot has come, and what is said in its rooms. */
    async shown(version) {
      const all = (selector) => [...document.querySelectorAll(selector)];
      const isHere = () => document.querySelector("board-view").screen?.state.board?.version === version;
      const isDrawn = () => all("board-view, board-tile, room-tile").every(({ isUpdatePending }) => !isUpdatePending);
      const isSaid = () => all("room-tile").every(({ feed }) => feed?.live);
      while (!isHere() || !isDrawn() || !isSaid()) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    /** Frames until what has come is drawn, and looked at for what is cut. */
    async drawn() {
      for (let n = 0; n < 3; n++) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    },
  };
})();
