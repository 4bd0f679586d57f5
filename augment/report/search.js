// The search: texts in blocks of rows, unpacked once and kept as far as they fit, else unpacked at each search.

class Search {
  constructor(packed, size, room, index) {
    Object.assign(this, { packed, size, room, index, query: "", found: null, waiting: [] });
    this.kept = packed.map(() => null);
  }

  async block(number) {
    if (this.kept[number] !== null) return this.kept[number];
    const text = (await new Response(inflating(this.packed[number])).text()).toLowerCase();
    if (text.length <= this.room && this.kept[number] === null) {
      this.room -= text.length;
      this.kept[number] = text;
    }
    return text;
  }

  async prepare() {
    for (let number = 0; number < this.packed.length && this.room > 0; number += 1) await this.block(number);
  }

  start(text) {
    // Search ids and the blocks that are kept at once; `waiting` are the others.
    const query = text.trim().toLowerCase();
    if (query === this.query) return;
    this.query = query;
    this.found = query ? new Uint8Array(this.index.size) : null;
    this.waiting = [];
    if (!query) return;
    for (const entry of this.index.ids.containing(query)) this.found[this.index.place[entry]] = 1;
    this.kept.forEach((block, number) => (block === null ? this.waiting.push(number) : this.mark(block, number)));
  }

  async go(each) {
    // Search the waiting blocks; each is called after some of them, unless another search has begun.
    const { query } = this;
    let shown = performance.now();
    while (this.waiting.length) {
      const block = await this.block(this.waiting[0]);
      if (query !== this.query) return;
      this.mark(block, this.waiting.shift());
      if (this.waiting.length && performance.now() - shown < 300) continue;
      each();
      shown = performance.now();
    }
  }

  mark(block, number) {
    let place = number * this.size;
    let end = block.indexOf("\n");
    for (let at = block.indexOf(this.query); at >= 0; at = block.indexOf(this.query, end)) {
      while (end >= 0 && end < at) {
        end = block.indexOf("\n", end + 1);
        place += 1;
      }
      this.found[place] = 1;
      if (end < 0) return;
    }
  }
}
