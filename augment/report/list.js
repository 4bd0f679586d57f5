// The list: which rows, in which order, and only those near the window as DOM nodes. Rows are grouped into blocks; a
// block far from the window is an empty box of its last known height.

const BLOCK = 10;
const MARGIN = "1400px 0px";

function searchText(row) {
  const children = row.children.flatMap((child) => [child.id, ...child.sides.flat(2).filter((part) => typeof part === "string")]);
  return [row.id, ...row.sides.map((pieces) => pieces.join("")), ...children].join("\n").toLowerCase();
}

function facts(row) {
  // What filters and orders ask of a row, once.
  const found = row.explained[0];
  const known = found && found.pred !== null && row.label !== null;
  const moves = row.children.map((child) => (child.p_gold_after === null || child.p_gold_before === null ? 0 : Math.abs(child.p_gold_after - child.p_gold_before)));
  const flips = row.children.some((child) => child.pred_after !== null && child.pred_before !== null && child.pred_after !== child.pred_before);
  let gold = row.gold;
  // Of a wrong prediction only the probability of the target may be known: the gold label has at most the rest.
  if (gold === null && found && found.prob !== null) gold = found.target === row.label ? found.prob : 1 - found.prob;
  return {
    label: row.label ?? "", pred: found?.pred ?? "", right: known ? found.pred === row.label : null, flips, gold: gold ?? 2,
    error: Math.max(-1, ...row.explained.map((one) => one.error ?? Math.abs(one.gap ?? -1))), changed: Math.max(0, ...moves) + (flips ? 1 : 0),
    verdicts: new Set(row.children.map((child) => child.verdict)), text: searchText(row), size: height(row),
  };
}

function height(row) {
  // A guess good enough for the scroll bar: lines of about 50 Han characters or 100 letters.
  const lines = (sides) => sides.reduce((sum, side) => sum + Math.ceil((side.flat().join("").length + 1) / (languageOf(side.flat().join("")) ? 46 : 96)), 0);
  const shown = Math.max(1, row.explained.length) * Math.max(72, 28 * Math.min(12, lines(row.sides)));
  return 32 + shown + row.children.reduce((sum, child) => sum + 18 + Math.max(34, 26 * Math.min(4, lines(child.sides))), 0);
}

function choose(rows, known, state) {
  const query = state.search.trim().toLowerCase();
  const outcomes = { right: (fact) => fact.right === true, wrong: (fact) => fact.right === false, flipped: (fact) => fact.flips };
  const kept = [];
  rows.forEach((row, place) => {
    const fact = known[place];
    if (state.label !== null && fact.label !== state.label) return;
    if (state.pred !== null && fact.pred !== state.pred) return;
    if (state.verdict && !fact.verdicts.has(state.verdict)) return;
    if (state.outcome && !outcomes[state.outcome](fact)) return;
    if (query && !fact.text.includes(query)) return;
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
    const blocks = [];
    for (let start = 0; start < order.length; start += BLOCK) {
      const block = element("div", "block");
      block.start = start;
      block.style.minHeight = order.slice(start, start + BLOCK).reduce((sum, place) => sum + this.known[place].size, 0) + "px";
      blocks.push(block);
    }
    this.host.replaceChildren(...blocks);
    blocks.slice(0, 1).forEach((block) => this.fill(block));
    blocks.forEach((block) => this.observer.observe(block));
  }

  near(entry) {
    if (entry.isIntersecting) this.fill(entry.target);
    else this.empty(entry.target);
  }

  fill(block) {
    if (block.firstChild) return;
    const places = this.order.slice(block.start, block.start + BLOCK);
    block.append(...places.map((place) => drawSample(this.rows[place], this.view)));
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
    const block = this.host.children[Math.floor(position / BLOCK)];
    this.fill(block);
    return block.children[position % BLOCK];
  }

  step(from, by) {
    const position = from ? Number(from.getAttribute("aria-posinset")) - 1 + by : 0;
    return position >= 0 && position < this.order.length ? this.reveal(position) : null;
  }
}
