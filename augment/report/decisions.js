// What a person decided, kept in memory and in this browser, and what it shows of the rest. No DOM here.

const REASONS = ["label", "language", "meaning", "duplicate", "other"]; // keys 1 to 5
const Z = 1.959964; // 95 % of the normal distribution are within
const HALF = 0.03; // "review n more" is for plus or minus this share
const IDLE = 300; // seconds on one row beyond which a person is away

function wilson(hits, rows) {
  if (!rows) return [0, 1];
  const share = hits / rows;
  const square = Z * Z;
  const centre = share + square / (2 * rows);
  const half = Z * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows * rows));
  const whole = 1 + square / rows;
  return [hits ? Math.max(0, (centre - half) / whole) : 0, hits === rows ? 1 : Math.min(1, (centre + half) / whole)];
}

function moreFor(half, hits, rows, every) {
  const square = Z * Z;
  const share = (hits + square / 2) / (rows + square);
  const wanted = (square * share * (1 - share)) / (half * half);
  const finite = every ? wanted / (1 + (wanted - 1) / every) : 0;
  return Math.max(0, Math.min(Math.ceil(finite), every) - rows);
}

class Decisions {
  constructor(run) {
    this.key = `augment review ${run}`;
    this.made = new Map(); // id -> decision
    this.past = []; // what undo brings back: [[id, decision before], ...]
    this.settings = {};
    this.kept = true;
    this.read();
  }

  read() {
    try {
      const { decisions = [], settings = {} } = JSON.parse(localStorage.getItem(this.key) ?? "{}");
      decisions.forEach((one) => this.made.set(one.id, one));
      this.settings = settings;
    } catch {
      this.kept = false;
    }
  }

  keep() {
    this.waiting = true;
    // Many at once cost more than a key press may: then they are kept a moment later.
    if (this.made.size < 1000) return this.store();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.store(), 400);
  }

  store() {
    clearTimeout(this.later);
    if (!this.waiting) return;
    this.waiting = false;
    try {
      localStorage.setItem(this.key, JSON.stringify({ decisions: [...this.made.values()], settings: this.settings }));
      this.kept = true;
    } catch {
      this.kept = false;
    }
  }

  of({ id, hash }) {
    // A decision on another text, of before the row was changed, is none.
    const decision = this.made.get(id);
    return decision && decision.hash === hash ? decision : null;
  }

  all(index) {
    // The decisions on rows and samples of the report, planted ones aside: entry -> decision.
    const decided = new Map();
    for (let entry = 0; this.made.size && entry < index.length; entry += 1) {
      const one = index.doubt[entry] < 0 ? null : this.of({ id: index.ids.at(entry), hash: index.hashes.at(entry) });
      if (one) decided.set(entry, one);
    }
    return decided;
  }

  put(decisions) {
    this.past.push(decisions.map((one) => [one.id, this.made.get(one.id)]));
    decisions.forEach((one) => this.made.set(one.id, one));
    this.keep();
  }

  undo() {
    const last = this.past.pop() ?? [];
    last.forEach(([id, before]) => (before ? this.made.set(id, before) : this.made.delete(id)));
    this.keep();
    return last.map(([id]) => id);
  }

  setting(name, value) {
    this.settings[name] = value;
    this.keep();
  }

  lines() {
    const reviewer = (this.settings.reviewer ?? "").trim().replaceAll(",", " ");
    return [...this.made.values()].map((one) => JSON.stringify(reviewer ? { ...one, reviewer } : one)).join("\n") + "\n";
  }

  take(text) {
    // Decisions of a saved file; lines that are none are left out, and counted.
    let wrong = 0;
    const read = [];
    for (const line of text.split("\n").filter((one) => one.trim())) {
      try {
        const one = JSON.parse(line);
        const fits = ["accept", "reject", "edit", "relabel"].includes(one.decision) && [one.id, one.hash].every((part) => typeof part === "string");
        if (fits) read.push(one);
        else wrong += 1;
      } catch {
        wrong += 1;
      }
    }
    if (read.length) this.put(read);
    return [read.length, wrong];
  }
}

function groupsOf(index, decided) {
  // Acceptance of samples by operation, verdict and label: [group, name, accepted, rows]. decided: entry -> decision.
  const table = new Map();
  const add = (group, name, good) => {
    const key = JSON.stringify([group, name]);
    const counts = table.get(key) ?? [group, name, 0, 0];
    table.set(key, [group, name, counts[2] + (good ? 1 : 0), counts[3] + 1]);
  };
  for (const [entry, { decision }] of decided) {
    if (index.isRow(entry)) continue;
    const good = decision === "accept"; // an edited text was not good as it was
    add("all", "", good);
    for (const [group, column] of [["operation", index.method], ["verdict", index.verdict], ["label", index.label]]) {
      if (column.at(entry) !== null) add(group, column.at(entry), good);
    }
  }
  const order = ["all", "operation", "verdict", "label"];
  return [...table.values()].sort((one, other) => order.indexOf(one[0]) - order.indexOf(other[0]) || (one[1] < other[1] ? -1 : 1));
}

function restOf(index, decided, every) {
  // What is known of the samples that nobody reviewed; null where there are none, or nothing was reviewed.
  const made = [...decided].filter(([entry]) => !index.isRow(entry)).map(([, one]) => one);
  const byChance = made.filter((one) => one.order === "random");
  const drawn = byChance.length ? byChance : made;
  const rest = every - made.length;
  if (!drawn.length || rest <= 0) return null;
  const bad = drawn.filter((one) => one.decision !== "accept").length;
  const [low, high] = wilson(bad, drawn.length);
  return { rest, bad: bad / drawn.length, low, high, more: moreFor(HALF, bad, drawn.length, every), byChance: byChance.length > 0 };
}
