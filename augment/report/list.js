// The list: which rows, in which order, and only those near the window as DOM nodes. Rows are grouped into blocks; a
// block far from the window is an empty box of its last known height.

const BLOCK = 10; // rows of a block; of a long list more, as each block is watched
const LONG_LIST = 20000;
const MARGIN = "1400px 0px";

const common = new Map(); // equal strings and sets are one

function shared(value) {
  if (!common.has(value)) common.set(value, value);
  return common.get(value);
}

function sharedSet(values) {
  const key = `set ${JSON.stringify([...new Set(values)].sort())}`;
  if (!common.has(key)) common.set(key, new Set(values));
  return common.get(key);
}

function searchText(row) {
  const samples = row.samples.flatMap((sample) => [sample.id, ...sample.sides.flat(2).filter((part) => typeof part === "string")]);
  return [row.id, ...row.sides.map(whole), ...samples].join("\n").toLowerCase();
}

function facts(row) {
  // What filters and orders ask of a row, once.
  const found = row.explained[0];
  const known = found && found.pred !== null && row.label !== null;
  const moves = row.samples.map((sample) => (sample.p_gold_after === null || sample.p_gold_before === null ? 0 : Math.abs(sample.p_gold_after - sample.p_gold_before)));
  const flips = row.samples.some((sample) => sample.pred_after !== null && sample.pred_before !== null && sample.pred_after !== sample.pred_before);
  const predictions = new Set(row.explained.map((one) => one.pred).filter((pred) => pred !== null));
  const made = ["A", "B"].map((run) => row.samples.filter((sample) => sample.of === run).map((sample) => JSON.stringify([sample.verdict, sample.sides])).sort().join());
  let gold = row.gold;
  // Of a wrong prediction only the probability of the target may be known: the gold label has at most the rest.
  if (gold === null && found && found.prob !== null) gold = found.target === row.label ? found.prob : 1 - found.prob;
  return {
    label: shared(row.label ?? ""), pred: shared(found?.pred ?? ""), right: known ? found.pred === row.label : null, flips, gold: gold ?? 2,
    error: Math.max(-1, ...row.explained.map((one) => one.error ?? (one.gap === null ? -1 : Math.abs(one.gap)))), changed: Math.max(0, ...moves) + (flips ? 1 : 0),
    differs: predictions.size > 1, samplesDiffer: made[0] !== made[1],
    verdicts: sharedSet(row.samples.map((sample) => sample.verdict)), made: shared(row.samples.map((sample) => sample.verdict).join("\n")), count: row.samples.length, keys: row.key.length > 0, text: null, size: height(row),
  };
}

function height(row) {
  // A guess good enough for the scroll bar, from the lengths alone: joining the texts to count them took 0.6 s of 5,000 rows.
  const wide = languageOf(row.sides[0].slice(0, 40)) === "zh";
  const size = row.sides.reduce((sum, side) => sum + side.length, 0);
  const lines = Math.ceil((wide ? size / 80 : size / 110) + row.sides.length / 2);
  const shown = Math.max(1, row.explained.length) * Math.max(72, 28 * Math.min(10, lines));
  return 34 + shown + row.samples.length * (16 + 25 * Math.min(4, lines));
}

function prepareSearch(rows, known, from = 0) {
  // Slice by slice after the page stands: all at once it would hold up the opening by 0.2 s for 5,000 rows.
  for (let place = from; place < Math.min(from + 250, rows.length); place += 1) known[place].text ??= searchText(rows[place]);
  if (from + 250 < rows.length) setTimeout(() => prepareSearch(rows, known, from + 250));
}

function choose(rows, known, state) {
  const query = state.search.trim().toLowerCase();
  const outcomes = { right: (fact) => fact.right === true, wrong: (fact) => fact.right === false, flipped: (fact) => fact.flips, differs: (fact) => fact.differs, samplesDiffer: (fact) => fact.samplesDiffer };
  const kept = [];
  known.forEach((fact, place) => {
    if (state.label !== null && fact.label !== state.label) return;
    if (state.pred !== null && fact.pred !== state.pred) return;
    if (state.verdict && !fact.verdicts.has(state.verdict)) return;
    if (state.outcome && !outcomes[state.outcome](fact)) return;
    if (query && !(fact.text ??= searchText(rows.at(place))).includes(query)) return;
    kept.push(place);
  });
  const orders = { error: (fact) => -fact.error, gold: (fact) => fact.gold, changed: (fact) => -fact.changed };
  const by = orders[state.sort];
  return by ? kept.sort((one, other) => by(known[one]) - by(known[other]) || one - other) : kept;
}

class List {
  constructor(host, rows, known, view) {
    Object.assign(this, { host, rows, known, view, order: [] });
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.near(entry)), { rootMargin: MARGIN });
  }

  show(order) {
    this.observer.disconnect();
    this.order = order;
    this.size = order.length > LONG_LIST ? 4 * BLOCK : BLOCK;
    const blocks = [];
    for (let start = 0; start < order.length; start += this.size) {
      const block = element("div", "block");
      block.start = start;
      block.style.minHeight = order.slice(start, start + this.size).reduce((sum, place) => sum + this.known[place].size, 0) + "px";
      blocks.push(block);
    }
    this.host.replaceChildren(...blocks);
    blocks.slice(0, 1).forEach((block) => this.near({ target: block, isIntersecting: true }));
    blocks.forEach((block) => this.observer.observe(block));
  }

  near(entry) {
    entry.target.wanted = entry.isIntersecting;
    if (entry.isIntersecting) this.fill(entry.target);
    else this.empty(entry.target);
  }

  fill(block) {
    if (block.firstChild) return;
    const places = this.placesOf(block);
    if (!this.rows.load || this.rows.has(places)) this.put(block, places.map((place) => this.rows.at(place)));
    else this.rows.load(places).then((rows) => block.isConnected && block.wanted && this.put(block, rows));
  }

  placesOf(block) {
    return this.order.slice(block.start, block.start + this.size);
  }

  put(block, rows) {
    if (block.firstChild) return;
    block.append(...rows.map((row) => drawCard(row, this.view)));
    Array.from(block.children).forEach((article, index) => {
      article.setAttribute("aria-posinset", `${block.start + index + 1}`);
      article.setAttribute("aria-setsize", `${this.order.length}`);
    });
    block.style.minHeight = "";
  }

  empty(block) {
    if (!block.firstChild || block.contains(document.activeElement)) return;
    block.style.minHeight = `${block.getBoundingClientRect().height}px`;
    block.replaceChildren();
  }

  redraw() {
    for (const block of this.host.children) {
      if (!block.firstChild) continue;
      block.replaceChildren();
      this.fill(block);
    }
  }

  reveal(position) {
    const block = this.host.children[Math.floor(position / this.size)];
    this.fill(block);
    return block.children[position % this.size];
  }

  async bring(position) {
    // Unpack and draw what a position needs, so that it can be revealed.
    const block = this.host.children[Math.floor(position / this.size)];
    if (this.rows.load && block && !block.firstChild) this.put(block, await this.rows.load(this.placesOf(block)));
  }

  step(from, by) {
    const position = from ? Number(from.getAttribute("aria-posinset")) - 1 + by : 0;
    return position >= 0 && position < this.order.length ? this.reveal(position) : null;
  }
}
