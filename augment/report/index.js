// What filters, orders, links and the review look at of all rows: columns of numbers, made by index.py. Nothing else is kept
// of rows that are not in sight. A row and each of its samples is an entry: row, its samples, next row.

const BITS = { right: 1, wrong: 2, flipped: 4, differs: 8, samplesDiffer: 16, keys: 32, pair: 64 };

function narrow(values) {
  const most = values.reduce((one, other) => Math.max(one, other), 0);
  return (most < 2 ** 8 ? Uint8Array : most < 2 ** 16 ? Uint16Array : Uint32Array).from(values);
}

class Coded {
  // A column of few values, null among them.
  constructor({ names, codes }) {
    this.names = [null, ...names];
    this.codes = narrow(codes);
  }

  at(number) {
    return this.names[this.codes[number]];
  }

  codeOf(name) {
    return this.names.indexOf(name);
  }
}

class Strings {
  // Many short strings in one, which costs no more than their characters.
  constructor(strings) {
    this.text = strings.join("");
    this.ends = new Uint32Array(strings.length);
    strings.reduce((end, string, number) => (this.ends[number] = end + string.length), 0);
  }

  start(number) {
    return number ? this.ends[number - 1] : 0;
  }

  at(number) {
    return this.text.slice(this.start(number), this.ends[number]);
  }

  numberAt(offset) {
    // The string that a character is in.
    let [low, high] = [0, this.ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle] > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  find(string) {
    // The number of a string, -1 where there is none.
    for (let offset = this.text.indexOf(string); string && offset >= 0; offset = this.text.indexOf(string, offset + 1)) {
      const number = this.numberAt(offset);
      if (this.start(number) === offset && this.ends[number] === offset + string.length) return number;
    }
    return -1;
  }

  *containing(query) {
    // The numbers of the strings that contain a text in lower case.
    const lower = this.text.toLowerCase();
    const shifted = lower.length !== this.text.length; // a few letters become two
    for (let number = 0; shifted && number < this.ends.length; number += 1) if (this.at(number).toLowerCase().includes(query)) yield number;
    for (let offset = shifted ? -1 : lower.indexOf(query); offset >= 0; ) {
      const number = this.numberAt(offset);
      const inside = offset + query.length <= this.ends[number];
      if (inside) yield number;
      offset = lower.indexOf(query, inside ? this.ends[number] : offset + 1);
    }
  }
}

class Index {
  constructor(columns) {
    this.size = columns.entries.length; // rows
    this.first = new Uint32Array(this.size + 1); // entry of a row
    columns.entries.forEach((count, place) => (this.first[place + 1] = this.first[place] + count));
    this.length = this.first[this.size]; // entries
    this.place = new Uint32Array(this.length); // row of an entry
    for (let place = 0; place < this.size; place += 1) this.place.fill(place, this.first[place], this.first[place + 1]);
    for (const name of ["flags", "sizes", "by", "why"]) this[name] = narrow(columns[name]);
    for (const name of ["pred", "label", "method", "verdict"]) this[name] = new Coded(columns[name]);
    for (const name of ["ids", "hashes"]) this[name] = new Strings(columns[name]);
    this.doubt = Int16Array.from(columns.doubt);
    this.orders = Object.fromEntries(Object.entries(columns.orders).map(([name, order]) => [name, narrow(order)]));
  }

  isRow(entry) {
    return this.first[this.place[entry]] === entry;
  }

  has(bit) {
    return this.flags.some((flags) => flags & BITS[bit]);
  }

  hasVerdict(place, code) {
    return this.verdict.codes.subarray(this.first[place] + 1, this.first[place + 1]).includes(code);
  }

  samples(places, code) {
    // How many samples some rows have, of one verdict or, where code is 0, of all.
    let count = 0;
    for (const place of places) {
      if (!code) count += this.first[place + 1] - this.first[place] - 1;
      else for (let entry = this.first[place] + 1; entry < this.first[place + 1]; entry += 1) count += this.verdict.codes[entry] === code ? 1 : 0;
    }
    return count;
  }

  // How many rows have a label, a prediction, a verdict: [name, rows], in the order of the names.
  labels() {
    return this.counted(this.label, (add) => this.first.subarray(0, this.size).forEach((entry) => add(this.label.codes[entry])));
  }

  predictions() {
    return this.counted(this.pred, (add) => this.pred.codes.forEach(add)).filter(([name]) => name !== null);
  }

  verdicts() {
    const last = new Int32Array(this.verdict.names.length).fill(-1); // a row counts once
    const count = (add) => this.verdict.codes.forEach((code, entry) => last[code] !== this.place[entry] && ((last[code] = this.place[entry]), add(code)));
    return this.counted(this.verdict, count).filter(([name]) => name !== null);
  }

  counted(column, each) {
    const counts = new Uint32Array(column.names.length);
    each((code) => (counts[code] += 1));
    return column.names.map((name, code) => [name, counts[code]]).filter(([, count]) => count);
  }
}

function choose(index, state, found) {
  // The rows that the filters leave, in the order that is chosen; found: a number for each row, 0 where the search did not find it.
  const label = state.label === null ? -1 : index.label.codeOf(state.label || null);
  const pred = state.pred === null ? -1 : index.pred.codeOf(state.pred);
  const verdict = state.verdict ? index.verdict.codeOf(state.verdict) : 0;
  const bit = BITS[state.outcome] ?? 0;
  const order = index.orders[state.sort];
  const kept = new Uint32Array(index.size);
  let count = 0;
  for (let at = 0; at < index.size; at += 1) {
    const place = order ? order[at] : at;
    if (label >= 0 && index.label.codes[index.first[place]] !== label) continue;
    if (pred >= 0 && index.pred.codes[place] !== pred) continue;
    if (bit && !(index.flags[place] & bit)) continue;
    if (found && !found[place]) continue;
    if (verdict && !index.hasVerdict(place, verdict)) continue;
    kept[count] = place;
    count += 1;
  }
  return kept.slice(0, count);
}
