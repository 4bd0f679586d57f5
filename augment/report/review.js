// Review: one row at a time, the most doubtful first, decided by keys. Needs a report whose run is known.

const PLANTED_EVERY = 15; // rows from one planted bad row to the next
const AHEAD = 8; // rows of the queue that are listed

function itemsOf(row, place, light) {
  // Every sample of a row, and the row where something speaks against it. light: without the row itself, which is unpacked when needed.
  const of = (one, sample, index) => {
    const item = { place, index, id: one.raw?.[0] ?? one.id, hash: one.review[0], doubt: one.review[1], why: one.review[2], start: null };
    const brief = sample && light ? { method: shared(sample.method), verdict: shared(sample.verdict), label: shared(sample.label), by: sample.by } : sample;
    return light ? { ...item, row: { by: row.by }, sample: brief, start: startOf(one) } : { ...item, row, sample };
  };
  const own = row.review ? [of(row, null, -1)] : [];
  return [...own, ...row.samples.flatMap((sample, index) => (sample.review ? [of(sample, sample, index)] : []))];
}

const startOf = (one) => textsOf(one).join(" ").slice(0, 60);

function scrambled(id) {
  // A number that depends on the id alone: the same random order whenever the report is opened.
  let hash = 2166136261;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function plant(order, items) {
  // Between the rows of the queue, now and then a source row with the sample of another one: who looks rejects it.
  const samples = items.filter((item) => item.sample?.sides);
  if (samples.length < 2 * PLANTED_EVERY) return order;
  return order.flatMap((item, at) => {
    if (at % PLANTED_EVERY !== PLANTED_EVERY - 1 || !item.sample) return [item];
    const start = scrambled(item.id) % samples.length;
    const other = [...samples.slice(start), ...samples.slice(0, start)].find((one) => one.place !== item.place && one.sample.sides.length === item.sample.sides.length);
    if (!other) return [item];
    const sides = other.sample.sides.map((side) => [textOf(side)]);
    const sample = { ...item.sample, sides, pred_after: item.sample.pred_before, reason: null };
    return [item, { ...item, sample, id: `planted ${item.id} ${other.id}`, hash: other.hash, planted: true }];
  });
}

class Review {
  constructor(report) {
    Object.assign(this, { report, data: report.data, items: [], queue: [], at: 0, rejecting: false, editing: false });
    this.decisions = new Decisions(this.data.review.run);
    this.shownAt = performance.now();
    this.seconds = 0;
    this.open = false;
  }

  learn(row, place, light) {
    for (const item of itemsOf(row, place, light)) this.items.push(item);
  }

  whole(item) {
    // The item with its row and sample; null while these are packed.
    if (!this.data.part || item.planted) return item;
    const row = this.data.rows.at(item.place);
    return row ? { ...item, row, sample: item.index < 0 ? null : row.samples[item.index] } : null;
  }

  get say() {
    return this.report.view.say;
  }

  get item() {
    return this.queue[this.at] ?? null;
  }

  start() {
    byId("review-open").hidden = false;
    const { settings } = this.decisions;
    byId("reviewer").value = settings.reviewer ?? "";
    byId("blind").checked = Boolean(settings.blind);
    byId("planted").checked = Boolean(settings.planted);
    byId("review-open").addEventListener("click", () => this.toggle());
    byId("reviewer").addEventListener("input", () => this.decisions.setting("reviewer", byId("reviewer").value));
    byId("blind").addEventListener("change", () => (this.decisions.setting("blind", byId("blind").checked), this.draw()));
    byId("planted").addEventListener("change", () => (this.decisions.setting("planted", byId("planted").checked), this.fill()));
    for (const name of ["operation", "state", "order"]) byId(`review-${name}`).addEventListener("change", () => this.fill());
    byId("review-save").addEventListener("click", () => this.save());
    byId("review-file").addEventListener("change", () => this.load());
    byId("review-all").addEventListener("click", () => this.acceptAll());
    byId("review-item").addEventListener("click", (event) => this.press(event.target.closest("button[data-do]")?.dataset.do));
    byId("queue").addEventListener("click", (event) => this.jump(event.target.closest("button[data-at]")));
    byId("review-shows").addEventListener("toggle", () => this.draw());
    addEventListener("pagehide", () => this.decisions.store());
    document.addEventListener("visibilitychange", () => this.clock(document.hidden));
  }

  toggle(open = !this.open) {
    this.open = open;
    document.body.classList.toggle("reviewing", open);
    byId("review").hidden = !open;
    byId("review-open").setAttribute("aria-pressed", String(open));
    byId("review-open").textContent = this.say[open ? "reviewClose" : "reviewOpen"];
    if (!open) return;
    this.fill();
    byId("review-item").focus({ preventScroll: true });
  }

  speak() {
    // Words of the page that are not in its HTML.
    this.options();
    byId("review-open").textContent = this.say[this.open ? "reviewClose" : "reviewOpen"];
    if (this.open) this.draw();
  }

  options() {
    const { say, chinese } = this.report.view;
    const methods = [...new Set(this.items.map((item) => item.sample?.method).filter(Boolean))].sort();
    const fill = (name, options) => this.report.fillSelect(byId(`review-${name}`), options);
    const sources = this.items.some((item) => !item.sample) ? [["source", say.sourceRows]] : [];
    fill("operation", [["", say.any], ...methods.map((name) => [`m ${name}`, inWords(name, chinese)]), ...sources]);
    fill("state", ["open", "done", "all"].map((name) => [name, say[`${name}Rows`]]));
    fill("order", ["doubt", "random", "file"].map((name) => [name, say[`${name}First`]]));
  }

  fill(stay = null) {
    // The queue: items of the rows that the filters leave, in the order that is chosen.
    const { verdict } = this.report.state;
    const rows = new Set(this.report.list.order);
    const operation = byId("review-operation").value;
    const state = byId("review-state").value;
    const order = byId("review-order").value;
    const kept = this.items.filter((item) => {
      if (!rows.has(item.place)) return false;
      if (verdict && item.sample?.verdict !== verdict) return false;
      if (operation && (operation === "source" ? item.sample : `m ${item.sample?.method}` !== operation)) return false;
      return state === "all" || (state === "done") === this.isDone(item);
    });
    if (order === "doubt") kept.sort((one, other) => other.doubt - one.doubt);
    if (order === "random") {
      const keys = new Map(kept.map((item) => [item, scrambled(item.id)]));
      kept.sort((one, other) => keys.get(one) - keys.get(other));
    }
    this.queue = byId("planted").checked && state !== "done" ? plant(kept, this.items).filter((item) => !item.planted || state === "all" || !this.decisions.of(item)) : kept;
    this.order = order;
    this.at = Math.max(0, stay ? this.queue.findIndex((item) => item.id === stay) : 0);
    this.show();
  }

  isDone(item) {
    // Here, or in a review that was applied before the report was drawn.
    return Boolean(this.decisions.of(item) || (item.sample ?? item.row).by);
  }

  show() {
    this.rejecting = this.editing = false;
    this.seconds = 0;
    this.shownAt = performance.now();
    this.draw();
  }

  clock(away) {
    if (away) this.seconds += (performance.now() - this.shownAt) / 1000;
    else this.shownAt = performance.now();
  }

  step(by) {
    const to = this.at + by;
    if (to < 0 || to >= this.queue.length) return;
    this.at = to;
    this.show();
  }

  jump(button) {
    if (!button) return;
    this.at = Number(button.dataset.at);
    this.show();
    byId("review-item").focus({ preventScroll: true });
  }

  decide(decision, more = {}) {
    const { item } = this;
    if (!item || (decision === "edit" && (!item.sample || item.planted))) return;
    const spent = this.seconds + (performance.now() - this.shownAt) / 1000;
    const made = { id: item.id, hash: item.hash, decision, ...more, seconds: Math.round(10 * Math.min(IDLE, spent)) / 10, order: this.order };
    if (item.planted) made.planted = true;
    this.decisions.put([made]);
    this.announce(`${item.id}: ${this.say[decision]}`);
    // A hidden verdict is shown once it can no longer sway anybody.
    if (byId("blind").checked) {
      this.rejecting = this.editing = false;
      return this.draw();
    }
    this.advance();
  }

  advance() {
    const next = this.queue.findIndex((item, at) => at > this.at && !this.decisions.of(item));
    this.at = next < 0 ? Math.min(this.at + 1, this.queue.length) : next;
    this.show();
  }

  acceptAll() {
    const open = this.queue.filter((item) => !item.planted && !this.isDone(item));
    if (!open.length) return;
    const question = this.say.confirmAll.replace("{n}", open.length.toLocaleString("en"));
    if (!confirm(question)) return;
    this.decisions.put(open.map((item) => ({ id: item.id, hash: item.hash, decision: "accept", seconds: 0, order: "filter" })));
    this.announce(this.say.allAccepted.replace("{n}", open.length.toLocaleString("en")));
    this.fill();
  }

  undo() {
    const [id] = this.decisions.undo();
    const at = this.queue.findIndex((item) => item.id === id);
    this.announce(this.say.undone);
    if (at < 0) return this.fill(id);
    this.at = at;
    this.show();
  }

  save() {
    const name = (this.decisions.settings.reviewer ?? "").trim().replace(/[^\p{L}\p{N}_-]+/gu, "-");
    download([this.decisions.lines()], name ? `decisions-${name}.jsonl` : "decisions.jsonl", "application/x-ndjson");
    this.announce(this.say.saved.replace("{n}", this.decisions.made.size.toLocaleString("en")));
  }

  async load() {
    const [file] = byId("review-file").files;
    if (!file) return;
    const [read, wrong] = this.decisions.take(await file.text());
    byId("review-file").value = "";
    this.announce(this.say.loaded.replace("{n}", read).replace("{m}", wrong));
    this.fill();
  }

  announce(text) {
    byId("review-news").textContent = text;
  }

  // Keys and buttons call the same names.
  press(name) {
    const { item } = this;
    const doing = {
      accept: () => this.decide("accept"),
      reject: () => this.startRejecting(),
      edit: () => this.startEditing(),
      relabel: () => this.startEditing(),
      move: () => this.move(),
      undo: () => this.undo(),
      next: () => this.step(1),
      back: () => this.step(-1),
      all: () => this.acceptAll(),
      saveEdit: () => this.saveEdit(),
      cancel: () => this.show(),
    };
    if (name?.startsWith("reason")) return item && this.decide("reject", { reason: REASONS[Number(name.slice(6)) - 1] });
    doing[name]?.();
  }

  key(event) {
    // Whether the key was one of the review.
    if (this.rejecting && /^[1-5]$/.test(event.key)) return this.press(`reason${event.key}`), true;
    const names = { a: "accept", r: "reject", e: "edit", m: "move", u: "undo", j: "next", k: "back", A: "all", Escape: "cancel" };
    const name = names[event.key];
    if (!name || (name === "accept" && event.shiftKey)) return false;
    this.press(name);
    return true;
  }

  startRejecting() {
    if (!this.item) return;
    this.rejecting = true;
    this.draw();
    byId("review-item").querySelector("[data-do=reason1]")?.focus({ preventScroll: true });
  }

  startEditing() {
    const { item } = this;
    if (!item || item.planted) return;
    this.editing = true;
    this.draw();
    byId("review-item").querySelector("textarea, select")?.focus({ preventScroll: true });
  }

  saveEdit() {
    const item = this.item && this.whole(this.item);
    const [text, pair] = Array.from(byId("review-item").querySelectorAll("textarea"), (area) => area.value);
    if (!item) return;
    if (!item.sample) {
      const label = byId("review-item").querySelector("select").value;
      return label === item.row.label ? this.decide("accept") : this.decide("relabel", { label });
    }
    const before = textsOf(item.sample);
    if (!text.trim()) return this.announce(this.say.emptyEdit);
    if (text === before[0] && (pair ?? null) === (before[1] ?? null)) return this.decide("accept");
    this.decide("edit", pair === undefined ? { text } : { text, text_pair: pair });
  }

  move() {
    // An accepted sample goes to the data or to the probes: by default to where it is.
    const { item } = this;
    if (!item?.sample || item.planted) return;
    const to = this.target(item) === "data" ? "probes" : "data";
    const made = this.decisions.of(item);
    this.decisions.put([{ id: item.id, hash: item.hash, decision: "accept", seconds: 0, order: this.order, ...(made && made.decision !== "reject" ? made : {}), to }]);
    this.announce(`${item.id}: ${this.say[`to_${to}`]}`);
    this.draw();
  }

  target(item) {
    const made = this.decisions.of(item);
    return made?.to ?? (["adversarial", "contrast"].includes(item.sample.verdict) ? "probes" : "data");
  }

  draw() {
    if (!this.open) return;
    const { item } = this;
    const full = item && this.whole(item);
    if (item && !full) {
      this.data.rows.load([item.place]).then(() => item === this.item && this.whole(item) && this.draw());
      return;
    }
    const blind = byId("blind").checked && this.item && !this.decisions.of(this.item);
    byId("review").classList.toggle("blind", Boolean(blind));
    byId("review-item").replaceChildren(...(full ? this.drawItem(full) : [element("p", "none", this.say[this.queue.length ? "queueDone" : "queueEmpty"])]));
    this.drawQueue();
    this.drawProgress();
    if (byId("review-shows").open) this.drawShows();
  }

  drawItem(item) {
    const { view } = this.report;
    const samples = item.sample ? [item.sample] : [];
    const article = drawCard({ ...item.row, samples, missing: [] }, { ...view, verdict: "" });
    article.removeAttribute("tabindex");
    const made = this.decisions.of(item);
    const why = element("p", "why-doubt", element("span", "name", `${this.say.doubt} ${(item.doubt / 10).toFixed(0)} %`), " ", item.why.map((code) => this.say[`doubt_${DOUBTS[code]}`]).join(" · "));
    const parts = [article, why];
    const { by } = item.sample ?? item.row;
    if (by) parts.push(element("p", "quiet", `${this.say.reviewedBy} ${by}`));
    if (made) parts.push(this.drawDecision(made));
    if (this.editing) parts.push(this.drawEditor(item));
    else parts.push(this.drawButtons(item, made));
    return parts;
  }

  drawDecision(made) {
    const words = [this.say[made.decision]];
    if (made.reason) words.push(this.say[`reason_${made.reason}`] ?? made.reason);
    if (made.label) words.push(entry(this.report.view.names, made.label) ?? made.label);
    if (made.to) words.push(this.say[`to_${made.to}`]);
    const line = element("p", `decided ${made.decision}`, `${words.join(" · ")}`);
    if (made.text) line.append(element("span", "edited-text", made.text, made.text_pair ? ` ⁄ ${made.text_pair}` : ""));
    return line;
  }

  button(name, key, pressed = null) {
    const node = element("button", "", this.say[`do_${name}`] ?? this.say[name], key ? element("kbd", "", key) : "");
    node.type = "button";
    node.dataset.do = name;
    if (pressed !== null) node.setAttribute("aria-pressed", String(pressed));
    return node;
  }

  drawButtons(item, made) {
    const is = (name) => made?.decision === name;
    const change = item.sample ? [this.button("edit", "e", is("edit")), this.button("move", "m")] : [this.button("relabel", "e", is("relabel"))];
    const row = element("div", "decide", this.button("accept", "a", is("accept")), this.button("reject", "r", is("reject")), ...(item.planted ? [] : change), element("span", "gapped"), this.button("undo", "u"), this.button("back", "k"), this.button("next", "j"));
    if (!this.rejecting) return row;
    const reasons = element("div", "reasons");
    reasons.setAttribute("role", "group");
    reasons.setAttribute("aria-label", this.say.why);
    REASONS.forEach((reason, at) => {
      const node = element("button", "", element("kbd", "", `${at + 1}`), this.say[`reason_${reason}`]);
      node.type = "button";
      node.dataset.do = `reason${at + 1}`;
      reasons.append(node);
    });
    return element("div", "", row, reasons);
  }

  drawEditor(item) {
    const box = element("form", "editor");
    box.addEventListener("submit", (event) => event.preventDefault());
    if (item.sample) {
      const made = this.decisions.of(item);
      const texts = textsOf(item.sample);
      const edited = made?.decision === "edit" ? [made.text, made.text_pair ?? texts[1]] : texts;
      texts.forEach((_, side) => {
        const area = Object.assign(element("textarea"), { value: edited[side], rows: 4, spellcheck: false, dir: "auto" });
        area.setAttribute("aria-label", this.say[texts.length > 1 ? ["first", "second"][side] : "editText"]);
        box.append(area);
      });
    } else {
      const select = element("select", "", ...this.data.classes.map((label) => Object.assign(element("option", "", entry(this.report.view.names, label) ?? label), { value: label })));
      select.setAttribute("aria-label", this.say.label);
      select.value = item.row.explained[0]?.pred ?? item.row.label ?? "";
      box.append(select);
    }
    box.append(element("div", "decide", this.button("saveEdit", "Ctrl ↵"), this.button("cancel", "Esc")));
    return box;
  }

  drawQueue() {
    const from = Math.max(0, Math.min(this.at - 2, this.queue.length - AHEAD));
    const lines = this.queue.slice(from, from + AHEAD).map((item, step) => {
      const made = this.decisions.of(item);
      const signs = { accept: "✓", reject: "✗", edit: "✎", relabel: "✎" };
      const node = element("button", "", element("span", `sign ${made?.decision ?? ""}`, made ? signs[made.decision] : "·"), element("span", "start", item.start ?? startOf(item.sample ?? item.row)));
      node.type = "button";
      node.dataset.at = `${from + step}`;
      if (from + step === this.at) node.setAttribute("aria-current", "true");
      return element("li", "", node);
    });
    byId("queue").replaceChildren(...lines);
  }

  drawProgress() {
    const number = (value) => value.toLocaleString("en");
    const counts = { accept: 0, reject: 0, edit: 0, relabel: 0 };
    let planted = 0;
    let caught = 0;
    for (const one of this.decisions.made.values()) {
      if (one.planted) {
        planted += 1;
        caught += one.decision === "reject" ? 1 : 0;
      } else counts[one.decision] += 1;
    }
    const parts = [`${number(Math.min(this.at + 1, this.queue.length))} ${this.say.of} ${number(this.queue.length)}`];
    for (const [name, count] of Object.entries(counts)) if (count) parts.push(`${number(count)} ${this.say[`n_${name}`]}`);
    if (planted) parts.push(this.say.attention.replace("{n}", caught).replace("{m}", planted));
    if (!this.decisions.kept) parts.push(this.say.notKept);
    byId("review-progress").textContent = parts.join(" · ");
    byId("review-save").disabled = this.decisions.made.size === 0;
  }

  drawShows() {
    const { view } = this.report;
    const title = { all: () => this.say.all, operation: (name) => inWords(name, view.chinese), verdict: (name) => inWords(name, view.chinese), label: (name) => entry(view.names, name) ?? name };
    const share = (value) => `${Math.round(100 * value)} %`;
    const rows = groupsOf(this.items, this.decisions).map(([group, name, good, count]) => {
      const [low, high] = wilson(good, count);
      const head = element("th", "", group === "all" ? "" : element("span", "name", `${this.say[group]} `), title[group](name));
      head.scope = "row";
      return element("tr", "", head, element("td", "", `${good} / ${count}`), element("td", "", share(good / count)), element("td", "", `${share(low)} – ${share(high)}`));
    });
    const heads = ["reviewed", "acceptedOf", "accepted", "interval"].map((name) => Object.assign(element("th", "", this.say[name]), { scope: "col" }));
    const rest = restOf(this.items, this.decisions, this.data.review.samples);
    const lines = [];
    if (rest) {
      const put = (text) => text.replace("{n}", rest.rest.toLocaleString("en")).replace("{bad}", share(rest.bad)).replace("{low}", share(rest.low)).replace("{high}", share(rest.high)).replace("{more}", rest.more.toLocaleString("en"));
      lines.push(element("p", "", put(this.say.rest_), " ", this.say[rest.byChance ? "byChance" : "byDoubt"], " ", rest.more ? put(this.say.reviewMore) : ""));
    }
    const table = element("table", "shows", element("thead", "", element("tr", "", ...heads)), element("tbody", "", ...rows));
    byId("review-figures").replaceChildren(...(rows.length ? [table, ...lines] : [element("p", "quiet", this.say.nothingReviewed)]));
  }
}
