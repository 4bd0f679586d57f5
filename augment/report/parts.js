// The rows of a page, deflated: all at once, or of a large page in parts that are unpacked when they are looked at.

const OPEN = 16; // parts that are unpacked at a time

function bytesOf(node) {
  const text = atob(node.textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  node.remove();
  return bytes;
}

const inflating = (bytes) => new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));

const inflated = (bytes) => new Response(inflating(bytes)).json();

class Rows {
  // `at` gives a row that is unpacked, as an array does. The rows of a small page are one part that is.
  constructor(packed, size, open) {
    Object.assign(this, { packed, size, open: new Map(open.length ? [[0, open]] : []) });
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
    // The rows at some places, each part unpacked once. They last: the parts may be more than stay unpacked.
    const wanted = new Map(); // part -> positions in `places`
    places.forEach((place, position) => {
      if (!wanted.has(this.part(place))) wanted.set(this.part(place), []);
      wanted.get(this.part(place)).push(position);
    });
    const rows = [];
    for (const [number, positions] of wanted) {
      const part = this.open.get(number) ?? (await inflated(this.packed[number]));
      this.open.delete(number); // the last one used is the last one to go
      this.open.set(number, part);
      if (this.open.size > OPEN) this.open.delete(this.open.keys().next().value);
      for (const position of positions) rows[position] = part[places[position] % this.size];
    }
    return rows;
  }
}
