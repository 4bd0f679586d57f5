// Rows that the filters leave, as a file, and the text of one row to paste elsewhere.

const COLUMNS = ["id", "source_id", "label", "split", "pred", "method", "verdict", "reason", "p_gold_before", "p_gold_after", "text", "text_pair"];
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]|^'+[=+\-@\t\r\n＝＋－＠]/; // as in spreadsheet.py

// A side of a source row, or of a sample with its runs.
const textOf = (side) => (typeof side === "string" ? whole(side) : side.map((run) => (typeof run === "string" ? run : run[1])).join(""));
// As they are, also where the page shows a hidden character by its name.
const textsOf = (one) => one.raw?.slice(1) ?? one.sides.map(textOf);

function record(one, row) {
  // A source row or a sample of it, with all columns in order.
  const [text, pair = null] = textsOf(one);
  const id = (each) => each.raw?.[0] ?? each.id;
  const own = one === row ? { pred: row.explained[0]?.pred } : { source_id: id(row), pred: one.pred_after };
  const values = { ...own, id: id(one), label: one.label, split: row.split, text, text_pair: pair };
  for (const name of ["method", "verdict", "reason", "p_gold_before", "p_gold_after"]) values[name] = one === row ? null : one[name];
  return Object.fromEntries(COLUMNS.map((name) => [name, values[name] ?? null]));
}

function cellOf(value) {
  if (value === null) return "";
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function fileOf(rows, verdict, kind) {
  // The rows with their samples, those of one verdict where the filter chose one.
  const records = rows.flatMap((row) => [row, ...row.samples.filter((sample) => !verdict || sample.verdict === verdict)].map((one) => record(one, row)));
  if (kind === "jsonl") return records.map((one) => JSON.stringify(one) + "\n");
  return ["\ufeff" + COLUMNS.join(",") + "\n", ...records.map((one) => COLUMNS.map((name) => cellOf(one[name])).join(",") + "\n")];
}

function download(parts, name, type) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function copyText(text) {
  // Whether the text is on the clipboard. The older way first: it works in a page of a file, while the key or click is fresh.
  const before = document.activeElement;
  const area = Object.assign(element("textarea"), { value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus?.({ preventScroll: true });
  if (done) return true;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
