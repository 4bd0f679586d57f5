// The rows of a page, deflated: all at once, or of a large page in parts that are unpacked when they are looked at.

const OPEN = 8; // parts that are unpacked at a time

function bytesOf(node) {
  const text = atob(node.textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  node.remove();
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

class PartedRows {
  // The rows of a large page: packed, and those looked at last unpacked. `at` gives a row that is, as an array does.
  constructor(packed, size, length) {
    Object.assign(this, { packed, size, length, open: new Map() });
  }

  part(place) {
    return Math.floor(place / this.size);
  }

  at(place) {
    return this.open.get(this.part(place))?.[place % this.size];
  }

  has(places) {
    return places.every((place) => this.open.has(this.part(place)));
  }

  async load(places) {
    for (const number of new Set(places.map((place) => this.part(place)))) {
      const rows = this.open.get(number) ?? (await inflated(this.packed[number]));
      this.open.delete(number); // the last one used is the last one to go
      this.open.set(number, rows);
    }
    for (const number of this.open.keys()) {
      if (this.open.size <= OPEN) break;
      this.open.delete(number);
    }
  }

  async *all(places = null) {
    // Every row in turn, or those at some places in their order, one part unpacked at a time.
    const wanted = places ?? Array.from({ length: this.length }, (_, place) => place);
    for (let from = 0; from < wanted.length; from += 1) {
      if (!this.has([wanted[from]])) await this.load([wanted[from]]);
      yield [this.at(wanted[from]), wanted[from]];
    }
  }
}
