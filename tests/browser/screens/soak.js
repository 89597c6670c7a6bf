/**
 * A fake server inside the page, for a soak test: the wall's socket talks to it. It has two boards with every kind of
 * tile that shows data. Their streams change all the time; rows of tables come and go.
 */
(() => {
  const AT = Date.now();
  const KINDS = { number: 4, status: 2, text: 1, table: 1, series: 1 };
  const streams = {};
  for (const [kind, count] of Object.entries(KINDS)) for (let n = 0; n < count; n++) streams[`${kind}-${n}`] = { kind, seq: 1 };
  const widget = (id, type, slugs, options = {}) => ({ id, type, title: `${type} ${id}`, streams: slugs, width: 4, height: 1, options });
  const board = (slug, first) => ({
    slug,
    title: slug,
    zone: "Europe/Oslo",
    version: 1,
    widgets: [
      widget(first, "number", ["number-0"], { warn: 50, crit: 1e9 }),
      widget(first + 1, "line", ["number-0", "number-1"]),
      widget(first + 2, "gauge", ["number-2"], { min: 0, max: 100 }),
      widget(first + 3, "status", ["status-0", "status-1"]),
      widget(first + 4, "list", ["number-3", "status-0"]),
      widget(first + 5, "table", ["table-0"]),
      widget(first + 6, "text", ["text-0"]),
      widget(first + 7, "clock", []),
      widget(first + 8, "line", ["series-0"]),
    ],
  });
  const value = (kind, seq) => {
    if (kind === "number") return Math.round(1000 * Math.abs(Math.sin(seq))) / 10;
    if (kind === "status") return ["ok", "warn", "info"][seq % 3];
    if (kind === "text") return `Text ${seq}`;
    return Array.from({ length: 50 }, (_, n) => [AT + n * 1000, Math.sin(seq + n)]);
  };
  const row = (seq) => (seq % 5 ? { price: seq, change: (seq % 7) - 3 } : null);
  const now = () => new Date().toISOString();
  const known = (slug) => ({
    kind: streams[slug].kind,
    value: streams[slug].kind === "table" ? { A: { price: 1, change: 0 } } : value(streams[slug].kind, 1),
    at: now(),
    seq: streams[slug].seq,
    state: "ok",
    error: null,
    unit: "",
    label: slug,
    stale_after: 60,
    kept: 3600,
    history: [],
  });
  const soak = { updates: 0, lines: 0 };
  globalThis.soak = soak;
  const build = () => JSON.parse(globalThis.document.getElementById("page-config").textContent).build;

  class Line {
    constructor() {
      soak.lines += 1;
      setTimeout(() => {
        this.give({ type: "hello", protocol: 1, user: null, now: now(), build: build(), heartbeat: 25 });
        const place = (board) => ({ board, dwell: 1, from: null, until: null });
        this.give({ type: "wall", name: "Soak", boards: [place("one"), place("two")] });
      });
    }

    give(event) {
      this.onmessage?.({ data: JSON.stringify(event) });
    }

    send(text) {
      const command = JSON.parse(text);
      if (command.type === "watch") setTimeout(() => this.watch(command));
    }

    watch(command) {
      const all = Object.fromEntries(Object.keys(streams).map((slug) => [slug, known(slug)]));
      this.give({ type: "snapshot", board: board("one", 1), streams: all });
      this.give({ type: "snapshot", board: board("two", 101), streams: all });
      this.give({ type: "ok", ref: command.ref });
      this.timer ??= setInterval(() => {
        for (let n = 0; n < 10; n++) this.update();
      }, 5);
    }

    update() {
      soak.updates += 1;
      const slugs = Object.keys(streams);
      const slug = slugs[soak.updates % slugs.length];
      const { kind } = streams[slug];
      const seq = ++streams[slug].seq;
      const change = { at: now(), seq, state: "ok", error: null };
      if (kind === "table") change.rows = { [`K${(seq * 7) % 40}`]: row(seq) };
      else change.value = value(kind, seq);
      this.give({ type: "update", streams: { [slug]: change } });
    }

    close() {
      clearInterval(this.timer);
    }
  }
  globalThis.WebSocket = Line;
})();
