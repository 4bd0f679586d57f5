// One row of the report as DOM nodes. Data enters the page here and only as text nodes and custom properties:
// nothing is ever parsed as HTML.

const LEVELS = 16;
const COLOURS = 8; // of classes, in page.css
const STEPS = 127;
const DOUBTS = ["disagree", "unsure", "unnatural", "new", "shortcut", "label", "two_labels", "repeated"]; // as in doubt.py
const CUT = "\u007f"; // parts gap, token, gap, ..., gap
const FOLD = { zh: 70, "": 140 }; // unchanged stretches of a sample longer than this many characters are folded
const LONG = 900; // texts longer than this are clipped until asked for

const details = new WeakMap(); // node -> rows of its tip: [name, value]

function element(tag, name, ...content) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.append(...content.filter((part) => part !== null && part !== undefined && part !== ""));
  return node;
}

function figure(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 0.001 || size >= 1e5) ? size.toExponential(1) : size.toFixed(digits);
  return (value < 0 ? "−" : "") + text;
}

const withSign = (value, digits = 3) => (value > 0 ? "+" : "") + figure(value, digits);

function percent(share) {
  if (share === null || share === undefined) return "–";
  return share > 0 && share < 0.0005 ? "<0.1 %" : (100 * share).toFixed(share < 0.0995 ? 1 : 0) + " %";
}

function chance(value) {
  // A probability is 0 or 1 only where it truly is.
  if (value === null || value === undefined) return "–";
  if (value > 0 && value < 0.0005) return "<0.001";
  return value < 1 && value >= 0.9995 ? ">0.999" : value.toFixed(3);
}

function fullColour(view, method) {
  const sign = view.colour === "red" ? "" : "± ";
  return view.scaling === "text" ? "" : `${sign}${figure(view.scales[method])} ${method === 0 ? view.unit || view.say.unit : ""}`.trim();
}

function tint(step, found, scale, scaling) {
  if (!step) return "";
  const share = scaling === "text" ? step / STEPS : ((step / STEPS) * found.peak) / scale;
  const level = Math.floor(Math.min(1, Math.abs(share)) * LEVELS + 0.5);
  return level === 0 ? "" : (share > 0 ? "f" : "a") + level;
}

function languageOf(text) {
  return /\p{Script=Han}/u.test(text) && !/[\u3040-\u30ff\uac00-\ud7af]/.test(text) ? "zh" : "";
}

const whole = (side) => side.replaceAll(CUT, "");

function paragraph(side, sides, view, text) {
  const line = element("p", "line");
  line.dir = "auto";
  const language = languageOf(text);
  if (language) line.lang = language;
  if (sides.length > 1) {
    const mark = element("span", "side", side ? "B" : "A");
    mark.title = side ? view.say.second : view.say.first;
    line.append(mark);
  }
  return line;
}

function drawTokens(row, found, view) {
  const body = element("div", "lines");
  const scale = view.scales[view.methods.indexOf(found?.method)] ?? 1;
  const leading = found === (row.explained[0] ?? null); // key words are ranked by its scores
  const keys = leading ? row.key : [];
  let token = 0;
  row.sides.forEach((text, side) => {
    const line = paragraph(side, row.sides, view, text);
    text.split(CUT).forEach((piece, place) => {
      if (place % 2 === 0) return line.append(piece);
      const step = found ? found.scores[token] : null;
      const node = element("span", ["t", tint(step, found, scale, view.scaling), keys.includes(token) ? "key" : ""].join(" ").trim(), piece);
      if (found) {
        node.tabIndex = -1;
        details.set(node, { found, token, key: keys.indexOf(token) });
      }
      line.append(node);
      token += 1;
    });
    body.append(line);
  });
  return body;
}

function tipOf(node, view) {
  const detail = details.get(node);
  if (!detail) return null;
  if (Array.isArray(detail)) return detail;
  const { found, token, key } = detail;
  const step = found.scores[token];
  const sizes = found.scores.map((other) => Math.abs(other ?? 0));
  const sum = sizes.reduce((total, size) => total + size, 0);
  const rank = 1 + sizes.filter((size) => size > Math.abs(step ?? 0)).length;
  const rows = [[view.say.score, step === null ? "–" : `${withSign((step / STEPS) * found.peak)} ${view.unit}`]];
  rows.push([view.say.share, sum && step !== null ? percent(sizes[token] / sum) : "–"]);
  rows.push([view.say.rank, `${rank} ${view.say.among} ${sizes.length}`]);
  if (key >= 0) rows.push([view.say.key, `${key + 1}`]);
  return rows;
}

function pill(label, view, name = "pill") {
  if (label === null || label === undefined) return element("span", `${name} empty`, view.say.unlabelled);
  const colour = view.classes.indexOf(label);
  return element("span", colour < 0 ? name : `${name} c${colour % COLOURS}`, entry(view.names, label) ?? label);
}

function pair(name, value) {
  return element("span", "pair", element("span", "name", name), " ", element("span", "value", value));
}

function track(after, before) {
  const bar = element("span", "track");
  bar.setAttribute("aria-hidden", "true");
  const fill = element("span", "fill");
  fill.style.width = `${100 * (after ?? 0)}%`;
  bar.append(fill);
  if (before !== null && before !== undefined) {
    const tick = element("span", "tick");
    tick.style.left = `${100 * before}%`;
    bar.append(tick);
  }
  return bar;
}

function drawFigures(found, view, leading) {
  const box = element("div", "figures");
  if (!found) return element("div", "figures", element("span", "quiet", view.say.unexplained));
  const target = entry(view.names, found.target) ?? found.target ?? "";
  if (found === leading || found.target !== leading.target) {
    box.append(element("div", "probability", element("span", "name", `p(${target})`), element("span", "value", chance(found.prob))), track(found.prob));
  }
  const exact = found.status === "exact"; // nothing to prove
  const closed = element("div", "");
  if (!exact && found.error !== null) closed.append(pair(view.say.errorName, percent(found.error)), " ");
  if (!exact && found.gap !== null) closed.append(pair(view.say.gap, withSign(found.gap)));
  const spent = element("div", "");
  if (!exact && found.status) spent.append(element("span", `status ${found.status.startsWith("not") ? "bad" : ""}`.trim(), inWords(found.status, view.chinese)), " ");
  if (!exact && found.evals !== null) spent.append(pair(view.say.evaluations, `${found.evals}`));
  box.append(...[closed, spent].filter((line) => line.childNodes.length));
  const sum = found.scores.reduce((total, step) => total + ((step ?? 0) / STEPS) * found.peak, found.rest ?? 0);
  const shift = found.gap === null ? null : sum - found.gap;
  details.set(box, [
    [view.say.shift, shift === null ? "–" : `${withSign(shift)} ${view.unit}`],
    [view.say.rest, withSign(found.rest)],
    [view.say.baseline, found.baseline ?? "–"],
  ]);
  return box;
}

function mark(right, view) {
  const sign = element("span", right ? "mark right" : "mark wrong", right ? "✓" : "✗");
  sign.title = right ? view.say.right : view.say.wrong;
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", sign.title);
  return sign;
}

function drawIdentity(row, view) {
  const found = row.explained[0];
  const link = element("a", "id", row.id);
  link.href = "#" + encodeURIComponent(row.raw?.[0] ?? row.id);
  const labels = element("div", "labels", element("div", "", element("span", "name", view.say.gold_), pill(row.label, view)));
  if (found && found.pred !== null) {
    const right = found.pred === row.label;
    const line = element("div", "", element("span", "name", view.say.pred), pill(found.pred, view, right || row.label === null ? "pill" : "pill wrong"));
    if (row.label !== null) line.append(" ", mark(right, view));
    labels.append(line);
  }
  const copy = element("button", "copy", "⧉");
  copy.type = "button";
  copy.title = view.say.copy;
  copy.setAttribute("aria-label", `${view.say.copy}: ${row.id}`);
  copy.addEventListener("click", async () => (copy.textContent = (await copyText(textsOf(row).join("\n"))) ? "✓" : "✗"));
  const box = element("div", "gutter", element("div", "", link, " ", element("span", "quiet", row.split), " ", copy), labels);
  if (row.attack) {
    const queries = row.queries === null ? "" : ` · ${row.queries} ${view.say.queries}`;
    box.append(element("div", "quiet", `${view.say.attack}: ${inWords(row.attack, view.chinese)}${queries}`));
  }
  return box;
}

function fold(text, first, last) {
  // Cut between words, so that no word, emoji or accented letter is torn apart.
  const limit = FOLD[languageOf(text)];
  if (text.length <= limit) return [text];
  const starts = Array.from(new Intl.Segmenter(undefined, { granularity: "word" }).segment(text), (part) => part.index);
  const head = first ? 0 : starts.find((start) => start >= limit / 4) ?? 0;
  const tail = last ? text.length : starts.findLast((start) => start <= text.length - limit / 4) ?? text.length;
  if (tail - head < limit / 4) return [text];
  const button = element("button", "fold", `⋯ ${tail - head}`);
  button.type = "button";
  button.addEventListener("click", () => button.replaceWith(text.slice(head, tail)));
  return [text.slice(0, head), button, text.slice(tail)];
}

function drawEdits(sample, view) {
  const body = element("div", "lines");
  sample.sides.forEach((runs, side) => {
    const line = paragraph(side, sample.sides, view, runs.flat().join(""));
    runs.forEach((run, place) => {
      if (typeof run === "string") {
        const alone = runs.length === 1;
        return line.append(...(alone ? [run] : fold(run, place === 0, place === runs.length - 1)));
      }
      const [old, fresh, score] = run;
      const nodes = [old && element("del", "", old), fresh && element("ins", "", fresh)].filter(Boolean);
      if (score !== null) nodes.forEach((node) => details.set(node, [[`${view.say.score}, ${view.say.replaced}`, `${withSign(score)} ${view.unit}`]]));
      line.append(...nodes);
    });
    body.append(line);
  });
  return body;
}

function drawOutcome(sample, row, view) {
  const box = element("div", "figures");
  if (sample.p_gold_after !== null) {
    const values = element("span", "value", sample.p_gold_before === null ? "" : `${chance(sample.p_gold_before)} → `, chance(sample.p_gold_after));
    box.append(element("div", "probability", element("span", "name", goldOf(sample, row, view)), values), track(sample.p_gold_after, sample.p_gold_before));
  }
  if (sample.pred_after !== null && sample.pred_before !== null && sample.pred_after !== sample.pred_before) {
    const names = [sample.pred_before, sample.pred_after].map((label) => entry(view.names, label) ?? label);
    const flip = element("div", "flip", `⚑ ${names.join(" → ")}`);
    flip.title = view.say.flip;
    box.append(flip);
  }
  if (sample.judge_p_gold_after !== null || sample.judge_pred_after !== null) {
    const label = sample.judge_pred_after;
    box.append(element("div", "", pair(view.say.judge, `${chance(sample.judge_p_gold_after)}${label === null ? "" : ` · ${entry(view.names, label) ?? label}`}`)));
  }
  return box;
}

function moved(sample, row) {
  return sample.label !== null && sample.label !== row.label;
}

function goldOf(sample, row, view) {
  return `p(${moved(sample, row) ? entry(view.names, sample.label) ?? sample.label : view.say.gold_})`;
}

function drawSample(sample, row, view) {
  const gutter = element("div", "gutter", element("span", "method", inWords(sample.method ?? "", view.chinese)));
  if (sample.of) gutter.prepend(element("span", "run-mark", sample.of), " ");
  if (sample.verdict) gutter.append(" ", element("span", `verdict ${["keep", "soft", "adversarial", "contrast", "drop"].includes(sample.verdict) ? sample.verdict : ""}`.trim(), inWords(sample.verdict, view.chinese)));
  if (moved(sample, row)) {
    const change = element("div", "", pill(row.label, view), " → ", pill(sample.label, view));
    change.title = view.say.labelMoved;
    gutter.append(change);
  }
  if (sample.reason) gutter.append(element("div", "quiet reason", inWords(sample.reason, view.chinese).replaceAll("p(gold)", () => goldOf(sample, row, view))));
  const box = element("div", "sample", gutter, drawEdits(sample, view), drawOutcome(sample, row, view));
  box.dataset.id = sample.id;
  return box;
}

function drawGap([method, missing, reason], view) {
  return element("div", "gap quiet", element("span", "method", inWords(method, view.chinese)), ` × ${missing} ${view.say.missing}: ${inWords(reason, view.chinese)}`);
}

function drawCard(row, view, most = Infinity) {
  const article = element("article", "card", drawIdentity(row, view));
  article.tabIndex = 0;
  article.setAttribute("aria-label", row.id);
  article.dataset.id = row.id;
  const main = element("div", "main");
  for (const found of row.explained.length ? row.explained : [null]) {
    const lines = drawTokens(row, found, view);
    if (view.methods.length > 1 && found) lines.prepend(element("div", "caption", found.method, " ", element("span", "full", fullColour(view, view.methods.indexOf(found.method)))));
    const size = row.sides.map(whole).join("").length;
    if (size > LONG) {
      const button = element("button", "more", view.say.more);
      button.type = "button";
      button.addEventListener("click", () => (lines.classList.remove("clipped"), button.remove()));
      lines.classList.add("clipped");
      lines.append(button);
    }
    main.append(element("div", "explained", lines, drawFigures(found, view, row.explained[0])));
  }
  article.append(main);
  const samples = row.samples.filter((sample) => !view.verdict || sample.verdict === view.verdict);
  const missing = view.verdict || most < samples.length ? [] : row.missing.map((gap) => drawGap(gap, view));
  if (samples.length + missing.length) article.append(element("div", "samples", ...samples.slice(0, most).map((sample) => drawSample(sample, row, view)), ...missing));
  return article;
}
