// Review: one row at a time, the most doubtful first, decided by keys. Needs a report whose run is known.

const PLANTED_EVERY = 15; // rows from one planted bad row to the next
const AHEAD = 8; // rows of the queue that are listed

const startOf = (one) => textsOf(one).join(" ").slice(0, 60);

function scrambled(id) {
  // A number that depends on the id alone: the same random order whenever the report is opened.
  let hash = 2166136261;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function plant(order, index) {
  // Between the rows of the queue, now and then a source row with the sample of another one: who looks rejects it.
  const samples = index.place.map((_, entry) => entry).filter((entry) => index.doubt[entry] >= 0 && !index.isRow(entry));
  if (samples.length < 2 * PLANTED_EVERY) return order;
  const pair = (entry) => index.flags[index.place[entry]] & BITS.pair;
  const fits = (one, other) => index.place[one] !== index.place[other] && pair(one) === pair(other);
  return order.flatMap((entry, at) => {
    if (at % PLANTED_EVERY !== PLANTED_EVERY - 1 || index.isRow(entry)) return [entry];
    const start = scrambled(index.ids.at(entry)) % samples.length;
    for (let step = 0; step < samples.length; step += 1) {
      const other = samples[(start + step) % samples.length];
      if (fits(entry, other)) return [entry, [entry, other]];
    }
    return [entry];
  });
}

function sorted(entries, key) {
  // Entries by a key of at most 21 bits, equal ones as they come: as numbers, since 100,000 are sorted while somebody waits.
  const keys = Float64Array.from(entries, (entry) => key(entry) * 2 ** 32 + entry).sort();
  return Array.from(keys, (packed) => packed % 2 ** 32);
}

class Review {
  constructor(report) {
    // The queue has entries of the index, and [entry, other] where the sample of another row is planted below a row.
    Object.assign(this, { report, data: report.data, index: report.data.index, orders: {}, queue: [], at: 0, rejecting: false, editing: false });
    this.decisions = new Decisions(this.data.review.run);
    this.shownAt = performance.now();
    this.seconds = 0;
    this.open = false;
  }

  get say() {
    return this.report.view.say;
  }

  get item() {
    return this.at in this.queue ? this.itemOf(this.queue[this.at]) : null;
  }

  itemOf(queued) {
    // What is known of a row or sample of the queue without unpacking it.
    const { index } = this;
    const [entry, other = null] = [queued].flat();
    const id = index.ids.at(entry);
    const planted = other !== null;
    return { entry, other, planted, isSample: !index.isRow(entry), id: planted ? `planted ${id} ${index.ids.at(other)}` : id, hash: index.hashes.at(other ?? entry) };
  }

  placesOf(queued) {
    return [queued].flat().map((entry) => this.index.place[entry]);
  }

  whole(queued) {
    // The row and sample of an item of the queue, which are unpacked; sample is null where the row itself is doubtful.
    const { index } = this;
    const [entry, other = null] = [queued].flat();
    const row = this.data.rows.at(index.place[entry]);
    const sampleOf = (one) => this.data.rows.at(index.place[one]).samples[one - index.first[index.place[one]] - 1];
    if (index.isRow(entry)) return { row, sample: null };
    if (other === null) return { row, sample: sampleOf(entry) };
    const sides = sampleOf(other).sides.map((side) => [textOf(side)]);
    const own = sampleOf(entry);
    return { row, sample: { ...own, raw: sampleOf(other).raw, sides, pred_after: own.pred_before, reason: null } };
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
    const methods = this.index.method.names.filter(Boolean);
    const fill = (name, options) => this.report.fillSelect(byId(`review-${name}`), options);
    const doubtful = this.index.doubt.some((doubt, entry) => doubt >= 0 && this.index.isRow(entry));
    const sources = doubtful ? [["source", say.sourceRows]] : [];
    fill("operation", [["", say.any], ...methods.map((name) => [`m ${name}`, inWords(name, chinese)]), ...sources]);
    fill("state", ["open", "done", "all"].map((name) => [name, say[`${name}Rows`]]));
    fill("order", ["doubt", "random", "file"].map((name) => [name, say[`${name}First`]]));
  }

  fill(stay = null) {
    // The queue: rows and samples that the filters leave, in the order that is chosen.
    const { index } = this;
    const chosen = new Uint8Array(index.size);
    for (const place of this.report.list.order) chosen[place] = 1;
    const { verdict } = this.report.state;
    const [operation, state, order] = ["operation", "state", "order"].map((name) => byId(`review-${name}`).value);
    const method = operation && operation !== "source" ? index.method.codeOf(operation.slice(2)) : null;
    const decided = this.decisions.all(index);
    const kept = this.entriesBy(order).filter((entry) => {
      if (!chosen[index.place[entry]]) return false;
      if (verdict && (index.isRow(entry) || index.verdict.at(entry) !== verdict)) return false;
      if (operation === "source" ? !index.isRow(entry) : method !== null && index.method.codes[entry] !== method) return false;
      return state === "all" || (state === "done") === this.isDone(entry, decided);
    });
    const planting = byId("planted").checked && state !== "done";
    this.queue = planting ? plant(kept, index).filter((one) => !Array.isArray(one) || state === "all" || !this.decisions.of(this.itemOf(one))) : kept;
    this.order = order;
    this.at = Math.max(0, stay ? this.find(stay) : 0);
    this.show();
  }

  entriesBy(order) {
    // All that can be decided, by doubt, by chance or as in the file.
    const { index } = this;
    const entries = (this.orders.file ??= Array.from(index.place.keys()).filter((entry) => index.doubt[entry] >= 0));
    if (order === "doubt") this.orders.doubt ??= sorted(entries, (entry) => 1000 - index.doubt[entry]);
    if (order === "random") this.orders.random ??= sorted(entries, (entry) => scrambled(index.ids.at(entry)) >>> 11);
    return this.orders[order];
  }

  find(id) {
    return this.queue.findIndex((queued) => this.itemOf(queued).id === id);
  }

  isDone(entry, decided) {
    // Here, or in a review that was applied before the report was drawn.
    return decided.has(entry) || this.index.by[entry] === 1;
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
    if (!item || (decision === "edit" && (!item.isSample || item.planted))) return;
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
    const next = this.queue.findIndex((queued, at) => at > this.at && !this.decisions.of(this.itemOf(queued)));
    this.at = next < 0 ? Math.min(this.at + 1, this.queue.length) : next;
    this.show();
  }

  acceptAll() {
    const decided = this.decisions.all(this.index);
    const open = this.queue.filter((queued) => !Array.isArray(queued) && !this.isDone(queued, decided)).map((entry) => this.itemOf(entry));
    if (!open.length) return;
    const question = this.say.confirmAll.replace("{n}", open.length.toLocaleString("en"));
    if (!confirm(question)) return;
    this.decisions.put(open.map((item) => ({ id: item.id, hash: item.hash, decision: "accept", seconds: 0, order: "filter" })));
    this.announce(this.say.allAccepted.replace("{n}", open.length.toLocaleString("en")));
    this.fill();
  }

  undo() {
    const [id] = this.decisions.undo();
    const at = this.find(id);
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
  }

  startEditing() {
    const { item } = this;
    if (!item || item.planted) return;
    this.editing = true;
    this.draw();
  }

  saveEdit() {
    const [text, pair] = Array.from(byId("review-item").querySelectorAll("textarea"), (area) => area.value);
    if (text === undefined) {
      const label = byId("review-item").querySelector("select").value;
      return label === this.index.label.at(this.item.entry) ? this.decide("accept") : this.decide("relabel", { label });
    }
    const before = textsOf(this.whole(this.queue[this.at]).sample);
    if (!text.trim()) return this.announce(this.say.emptyEdit);
    if (text === before[0] && (pair ?? null) === (before[1] ?? null)) return this.decide("accept");
    this.decide("edit", pair === undefined ? { text } : { text, text_pair: pair });
  }

  move() {
    // An accepted sample goes to the data or to the probes: by default to where it is.
    const { item } = this;
    if (!item?.isSample || item.planted) return;
    const to = this.target(item) === "data" ? "probes" : "data";
    const made = this.decisions.of(item);
    this.decisions.put([{ id: item.id, hash: item.hash, decision: "accept", seconds: 0, order: this.order, ...(made && made.decision !== "reject" ? made : {}), to }]);
    this.announce(`${item.id}: ${this.say[`to_${to}`]}`);
    this.draw();
  }

  target(item) {
    const made = this.decisions.of(item);
    return made?.to ?? (["adversarial", "contrast"].includes(this.index.verdict.at(item.entry)) ? "probes" : "data");
  }

  draw() {
    if (!this.open) return;
    const { item } = this;
    const places = this.ahead().flatMap(([queued]) => this.placesOf(queued));
    if (!this.data.rows.has(places)) {
      const queued = this.queue[this.at];
      this.data.rows.load(places).then(() => queued === this.queue[this.at] && this.draw());
      return;
    }
    byId("review").classList.toggle("blind", Boolean(item && byId("blind").checked && !this.decisions.of(item)));
    byId("review-item").replaceChildren(...(item ? this.drawItem(item) : [element("p", "none", this.say[this.queue.length ? "queueDone" : "queueEmpty"])]));
    const first = this.editing ? "textarea, select" : this.rejecting ? "[data-do=reason1]" : null;
    if (first) byId("review-item").querySelector(first)?.focus({ preventScroll: true });
    this.drawQueue();
    this.drawProgress();
    if (byId("review-shows").open) this.drawShows();
  }

  ahead() {
    // The part of the queue that is listed, and the current item in it: [queued, position].
    const from = Math.max(0, Math.min(this.at - 2, this.queue.length - AHEAD));
    return this.queue.slice(from, from + AHEAD).map((queued, step) => [queued, from + step]);
  }

  drawItem(item) {
    const { view } = this.report;
    const { row, sample } = this.whole(this.queue[this.at]);
    const article = drawCard({ ...row, samples: sample ? [sample] : [], missing: [] }, { ...view, verdict: "" });
    article.removeAttribute("tabindex");
    const made = this.decisions.of(item);
    const reasons = DOUBTS.filter((_, bit) => this.index.why[item.entry] & (1 << bit)).map((name) => this.say[`doubt_${name}`]);
    const doubt = (this.index.doubt[item.entry] / 10).toFixed(0);
    const parts = [article, element("p", "why-doubt", element("span", "name", `${this.say.doubt} ${doubt} %`), " ", reasons.join(" · "))];
    const { by } = sample ?? row;
    if (by) parts.push(element("p", "quiet", `${this.say.reviewedBy} ${by}`));
    if (made) parts.push(this.drawDecision(made));
    if (this.editing) parts.push(this.drawEditor(made, row, sample));
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
    const change = item.isSample ? [this.button("edit", "e", is("edit")), this.button("move", "m")] : [this.button("relabel", "e", is("relabel"))];
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

  drawEditor(made, row, sample) {
    const box = element("form", "editor");
    box.addEventListener("submit", (event) => event.preventDefault());
    if (sample) {
      const texts = textsOf(sample);
      const edited = made?.decision === "edit" ? [made.text, made.text_pair ?? texts[1]] : texts;
      texts.forEach((_, side) => {
        const area = Object.assign(element("textarea"), { value: edited[side], rows: 4, spellcheck: false, dir: "auto" });
        area.setAttribute("aria-label", this.say[texts.length > 1 ? ["first", "second"][side] : "editText"]);
        box.append(area);
      });
    } else {
      const select = element("select", "", ...this.data.classes.map((label) => Object.assign(element("option", "", entry(this.report.view.names, label) ?? label), { value: label })));
      select.setAttribute("aria-label", this.say.label);
      select.value = row.explained[0]?.pred ?? row.label ?? "";
      box.append(select);
    }
    box.append(element("div", "decide", this.button("saveEdit", "Ctrl ↵"), this.button("cancel", "Esc")));
    return box;
  }

  drawQueue() {
    const lines = this.ahead().map(([queued, at]) => {
      const made = this.decisions.of(this.itemOf(queued));
      const { row, sample } = this.whole(queued);
      const signs = { accept: "✓", reject: "✗", edit: "✎", relabel: "✎" };
      const node = element("button", "", element("span", `sign ${made?.decision ?? ""}`, made ? signs[made.decision] : "·"), element("span", "start", startOf(sample ?? row)));
      node.type = "button";
      node.dataset.at = `${at}`;
      if (at === this.at) node.setAttribute("aria-current", "true");
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
    const decided = this.decisions.all(this.index);
    const rows = groupsOf(this.index, decided).map(([group, name, good, count]) => {
      const [low, high] = wilson(good, count);
      const head = element("th", "", group === "all" ? "" : element("span", "name", `${this.say[group]} `), title[group](name));
      head.scope = "row";
      return element("tr", "", head, element("td", "", `${good} / ${count}`), element("td", "", share(good / count)), element("td", "", `${share(low)} – ${share(high)}`));
    });
    const heads = ["reviewed", "acceptedOf", "accepted", "interval"].map((name) => Object.assign(element("th", "", this.say[name]), { scope: "col" }));
    const rest = restOf(this.index, decided, this.data.review.samples);
    const lines = [];
    if (rest) {
      const put = (text) => text.replace("{n}", rest.rest.toLocaleString("en")).replace("{bad}", share(rest.bad)).replace("{low}", share(rest.low)).replace("{high}", share(rest.high)).replace("{more}", rest.more.toLocaleString("en"));
      lines.push(element("p", "", put(this.say.rest_), " ", this.say[rest.byChance ? "byChance" : "byDoubt"], " ", rest.more ? put(this.say.reviewMore) : ""));
    }
    const table = element("table", "shows", element("thead", "", element("tr", "", ...heads)), element("tbody", "", ...rows));
    byId("review-figures").replaceChildren(...(rows.length ? [table, ...lines] : [element("p", "quiet", this.say.nothingReviewed)]));
  }
}
