// The list: which rows, in which order, and only those near the window as DOM nodes. Rows are in blocks, blocks in groups; a
// block or group far from the window is an empty box of its last known height.

const BLOCK = 10; // rows of a block
const GROUP = 1000; // rows of a group: only groups are made of all rows
const MARGIN = "1400px 0px";

class List {
  constructor(host, rows, sizes, view) {
    Object.assign(this, { host, rows, sizes, view, order: [] });
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.near(entry)), { rootMargin: MARGIN });
  }

  show(order) {
    this.observer.disconnect();
    this.order = order;
    const groups = this.boxes("group", 0, order.length, GROUP);
    this.host.replaceChildren(...groups);
    if (groups.length) this.reveal(0); // what is in sight at once, the rest when it is near
    this.watch(groups);
  }

  boxes(name, from, to, size) {
    const boxes = [];
    for (let start = from; start < to; start += size) {
      const box = element("div", name);
      Object.assign(box, { start, end: Math.min(start + size, to) });
      let height = 0;
      for (let position = start; position < box.end; position += 1) height += this.sizes[this.order[position]];
      box.style.minHeight = `${height}px`;
      boxes.push(box);
    }
    return boxes;
  }

  watch(boxes) {
    boxes.forEach((box) => this.observer.observe(box));
  }

  near({ target, isIntersecting }) {
    target.wanted = isIntersecting;
    if (isIntersecting) this.fill(target);
    else this.empty(target);
  }

  fill(box) {
    if (box.firstChild) return;
    if (box.className === "group") {
      box.append(...this.boxes("block", box.start, box.end, BLOCK));
      box.style.minHeight = "";
      return this.watch(Array.from(box.children));
    }
    const places = this.placesOf(box);
    if (this.rows.has(places)) this.put(box, places.map((place) => this.rows.at(place)));
    else this.rows.load(places).then((rows) => box.isConnected && box.wanted && this.put(box, rows));
  }

  placesOf(block) {
    return Array.from(this.order.slice(block.start, block.end));
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

  empty(box) {
    if (!box.firstChild || box.contains(document.activeElement)) return;
    box.style.minHeight = `${box.getBoundingClientRect().height}px`;
    if (box.className === "group") Array.from(box.children).forEach((block) => this.observer.unobserve(block));
    box.replaceChildren();
  }

  redraw() {
    for (const block of this.host.querySelectorAll(".block:not(:empty)")) {
      block.replaceChildren();
      this.fill(block);
    }
  }

  blockAt(position) {
    const group = this.host.children[Math.floor(position / GROUP)];
    if (group) this.fill(group);
    return group?.children[Math.floor((position % GROUP) / BLOCK)];
  }

  reveal(position) {
    // The row at a position; none where it is packed: then it is drawn when it is unpacked.
    const block = this.blockAt(position);
    block.wanted = true;
    this.fill(block);
    return block.children[position % BLOCK];
  }

  async bring(position) {
    // Unpack and draw what a position needs, so that it can be revealed.
    const block = this.blockAt(position);
    if (block && !block.firstChild) this.put(block, await this.rows.load(this.placesOf(block)));
  }

  print(rows) {
    // Draw the first rows, which are unpacked.
    for (let position = 0; position < rows.length; position += BLOCK) this.put(this.blockAt(position), rows.slice(position, position + BLOCK));
  }

  step(from, by) {
    const position = from ? Number(from.getAttribute("aria-posinset")) - 1 + by : 0;
    return position >= 0 && position < this.order.length ? this.reveal(position) : null;
  }
}
