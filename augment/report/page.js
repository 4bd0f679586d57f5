// Unpack the rows, wire the controls, follow links and keys.

const PRINTED = 200; // rows on paper
const LEAD_SAMPLES = 2; // of the row drawn first: both in sight

const byId = (id) => document.getElementById(id);
const START = { search: "", label: null, pred: null, verdict: "", outcome: "", sort: "file", colour: "signed", scaling: "report" };

function sayFact(node, names) {
  // `ig error` is the fact `error` of the attribution `ig`. What has no name in the page's language is marked as English.
  const fact = node.dataset.fact;
  const [owner, ...rest] = fact.split(" ");
  const own = entry(names, fact);
  const shared = entry(names, rest.join(" "));
  node.textContent = own ?? (shared ? `${owner} ${shared}` : fact);
  if (own || shared) node.removeAttribute("lang");
  else node.lang = "en";
}

function sayFinding(node, [kind, values], chinese) {
  node.dataset.english ??= node.textContent;
  const sentence = chinese ? findingInChinese(kind, values) : null;
  node.textContent = sentence ?? node.dataset.english;
  if (sentence) node.removeAttribute("lang");
  else node.lang = "en";
}

function sayEnglish(node, inChinese) {
  const english = (node.dataset.english ??= node.textContent);
  const said = inChinese ? inChinese(english) : null;
  node.textContent = said ?? english;
  if (said) node.removeAttribute("lang");
  else node.lang = "en";
}

class Report {
  constructor(data) {
    Object.assign(this, { data, index: data.index, state: { ...START } });
    this.view = { ...data, say: STRINGS.en, colour: "signed", scaling: "report", verdict: "" };
    this.list = new List(byId("list"), data.rows, this.index.sizes, this.view);
    this.review = data.review && new Review(this);
  }

  start() {
    byId("tools").hidden = false;
    this.wire();
    this.review?.start();
    this.speak(navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
    this.follow();
  }

  wire() {
    const controls = { search: "input", label: "change", pred: "change", verdict: "change", outcome: "change", sort: "change" };
    for (const [name, event] of Object.entries(controls)) byId(name).addEventListener(event, () => this.read());
    document.querySelectorAll("input[name=colour], input[name=scaling]").forEach((input) => input.addEventListener("change", () => this.read()));
    document.querySelectorAll("[data-take]").forEach((button) => button.addEventListener("click", () => this.download(button.dataset.take)));
    byId("clear").addEventListener("click", () => this.reset());
    byId("language").addEventListener("click", () => this.speak(this.language === "zh" ? "en" : "zh"));
    byId("theme").addEventListener("click", () => this.repaint());
    byId("words")?.addEventListener("click", (event) => this.searchWord(event.target.closest("button[data-word]")));
    byId("findings")?.addEventListener("click", (event) => this.showEvidence(event));
    addEventListener("hashchange", () => this.follow());
    addEventListener("beforeprint", () => this.print());
    addEventListener("afterprint", () => (byId("paper").hidden = true));
    document.addEventListener("keydown", (event) => this.press(event));
    const tip = (event) => this.tip(event.target);
    for (const place of [byId("list"), byId("lead")].filter(Boolean)) {
      ["pointerover", "focusin"].forEach((name) => place.addEventListener(name, tip));
      ["pointerleave", "focusout"].forEach((name) => place.addEventListener(name, () => this.tip(null)));
    }
    addEventListener("scroll", () => this.tip(null), { passive: true });
  }

  read() {
    const old = this.state;
    this.take();
    const painted = ["colour", "scaling"].some((name) => old[name] !== this.state[name]);
    if (!painted) return this.apply();
    this.legend();
    this.lead();
    this.list.redraw();
  }

  take() {
    const picked = (name) => (byId(name).selectedIndex <= 0 ? null : byId(name).value);
    const checked = (name) => document.querySelector(`input[name=${name}]:checked`).value;
    this.state = {
      search: byId("search").value, label: picked("label"), pred: picked("pred"), verdict: picked("verdict") ?? "",
      outcome: picked("outcome") ?? "", sort: byId("sort").value, colour: checked("colour"), scaling: checked("scaling"),
    };
    document.documentElement.dataset.scale = this.state.colour;
    this.view.scaling = this.state.scaling;
    this.view.colour = this.state.colour;
    this.view.verdict = this.state.verdict;
  }

  reset() {
    byId("controls").reset();
    this.take();
    this.legend();
    this.lead();
    this.apply();
  }

  apply() {
    const { search } = this.data;
    search.start(this.state.search);
    this.show();
    if (search.waiting.length) search.go(() => this.show());
    byId("clear").disabled = ["search", "label", "pred", "verdict", "outcome", "sort"].every((name) => this.state[name] === START[name]);
    const bar = byId("tools");
    if (bar.getBoundingClientRect().top <= 0 && scrollY > bar.offsetTop) scrollTo({ top: byId("rows").offsetTop - bar.offsetHeight, behavior: "instant" });
  }

  show() {
    const { index, search } = this.data;
    const { say } = this.view;
    const order = choose(index, this.state, search.found);
    this.list.show(order);
    clearTimeout(this.readying);
    this.readying = setTimeout(() => this.readyPaper(order), this.data.part ? 1000 : 0);
    const samples = index.samples(order, this.state.verdict ? index.verdict.codeOf(this.state.verdict) : 0);
    const number = (value) => value.toLocaleString("en");
    const rows = number(order.length) + (order.length < index.size ? ` ${say.of} ${number(index.size)}` : "") + ` ${say.rows}`;
    const parts = [rows, samples && `${number(samples)} ${say.samples}`, search.waiting.length && say.searching];
    byId("count").textContent = parts.filter(Boolean).join(" · ");
    byId("none").hidden = order.length > 0 || search.waiting.length > 0;
    // An edit that somebody is writing stays; the queue is whole at the next filter.
    if (this.review?.open && !this.review.editing) this.review.fill();
  }

  speak(language) {
    this.language = language;
    this.view.say = STRINGS[language];
    this.view.chinese = language === "zh";
    this.view.unit = this.data.unit;
    document.documentElement.lang = language;
    document.querySelectorAll("[data-text]").forEach((node) => (node.textContent = this.view.say[node.dataset.text]));
    document.querySelectorAll("[data-fact]").forEach((node) => sayFact(node, language === "zh" ? CHINESE_FACTS : {}));
    document.querySelectorAll(".notice[role=note]").forEach((node) => sayEnglish(node, this.view.chinese && noticeInChinese));
    document.querySelectorAll("[data-finding]").forEach((node) => sayFinding(node, this.data.findings[Number(node.dataset.finding)], this.view.chinese));
    document.querySelectorAll("[data-evidence]").forEach((node) => sayEnglish(node, this.view.chinese && evidenceInChinese));
    document.querySelectorAll("[data-hint]").forEach((node) => node.setAttribute("aria-label", this.view.say[node.dataset.hint]));
    byId("search").placeholder = this.view.say.search;
    byId("language").textContent = this.view.say.other;
    this.options();
    this.legend();
    this.lead();
    this.review?.speak();
    this.apply();
  }

  options() {
    const { say, names } = this.view;
    const label = (value) => (value === "" ? say.unlabelled : entry(names, value) ?? value);
    const tables = {
      label: this.index.labels().map(([value, count]) => [value ?? "", `${label(value ?? "")} (${count})`]),
      pred: this.index.predictions().map(([value, count]) => [value, `${label(value)} (${count})`]),
      verdict: this.index.verdicts().map(([value, count]) => [value, `${inWords(value, this.view.chinese)} (${count})`]),
      outcome: ["right", "wrong", "flipped", ...(this.data.compared ? ["differs", "samplesDiffer"] : [])].map((value) => [value, say[value]]),
    };
    for (const [name, rows] of Object.entries(tables)) this.fillSelect(byId(name), [["", say.any], ...rows]);
    this.fillSelect(byId("sort"), ["file", "error", "gold", "changed"].map((value) => [value, say[value]]));
    byId("verdict").closest("label").hidden = tables.verdict.length === 0;
    byId("pred").closest("label").hidden = tables.pred.length === 0;
    byId("outcome").closest("label").hidden = tables.pred.length === 0;
  }

  fillSelect(select, options) {
    // The first option is for no choice, also where another has an empty value.
    const chosen = select.selectedIndex > 0 ? select.value : null;
    select.replaceChildren(...options.map(([value, text]) => Object.assign(element("option", "", text), { value })));
    select.selectedIndex = Math.max(0, options.findIndex(([value], position) => position > 0 && value === chosen));
  }

  legend() {
    const { say } = this.view;
    const red = this.state.colour === "red";
    const steps = Array.from({ length: 2 * LEVELS + 1 }, (_, place) => place - LEVELS).filter((step) => !red || step >= 0);
    const bar = element("span", "scale", ...steps.map((step) => element("i", step === 0 ? "" : (step > 0 ? "f" : "a") + Math.abs(step))));
    bar.setAttribute("aria-hidden", "true");
    const each = this.state.scaling === "text";
    const several = this.data.methods.length > 1; // then each line says its own
    const unit = each ? say.strongest : several ? "" : fullColour(this.view, 0);
    const sides = red ? [element("span", "", "0"), bar] : [element("span", "", say.against), bar, element("span", "", say.for)];
    const marks = [];
    if (this.index.has("keys")) marks.push(element("span", "t key", say.key));
    if (this.index.length > this.index.size) marks.push(element("del", "", say.deleted), element("ins", "", say.inserted));
    const parts = [...sides, element("span", "unit", unit), ...marks];
    byId("lead-legend")?.replaceChildren(...parts.map((part) => part.cloneNode(true)));
    byId("legend").replaceChildren(...parts);
  }

  lead() {
    // The row drawn first, whatever the filters below show.
    const row = this.data.lead;
    if (row) byId("lead").replaceChildren(drawCard(row, { ...this.view, verdict: "" }, LEAD_SAMPLES));
  }

  showEvidence(event) {
    const link = event.target.closest("a[data-show]");
    if (!link) return;
    event.preventDefault();
    const [section, filter] = link.dataset.show.split(":");
    if (filter) this.filter(filter);
    const target = byId(section === "rows" ? "tools" : section) ?? byId("tools");
    if (target.tagName === "DETAILS") target.open = true;
    target.scrollIntoView({ block: "start", behavior: "instant" });
    (target.querySelector("summary") ?? byId("search")).focus({ preventScroll: true });
  }

  async download(kind) {
    const { rows } = this.data;
    const { order } = this.list;
    download(fileOf(await rows.load(order), this.state.verdict, kind), `rows.${kind}`, kind === "csv" ? "text/csv" : "application/x-ndjson");
  }

  filter(name) {
    byId("controls").reset();
    if (name === "error") byId("sort").value = "error";
    else byId("outcome").value = name;
    if (name === "wrong") byId("sort").value = "gold";
    if (name === "flipped") byId("sort").value = "changed";
    this.take();
    this.apply();
  }

  async readyPaper(order) {
    // A page is printed at once, so the rows of the paper are unpacked before, a moment after the filters.
    this.paper = { order, rows: await this.data.rows.load(order.slice(0, PRINTED)) };
  }

  print() {
    const { order } = this.list;
    byId("paper").hidden = order.length <= PRINTED;
    if (this.paper?.order === order) this.list.print(this.paper.rows);
  }

  repaint() {
    const root = document.documentElement;
    const dark = getComputedStyle(root).colorScheme === "dark" || (!root.style.colorScheme && matchMedia("(prefers-color-scheme: dark)").matches);
    root.style.colorScheme = dark ? "light" : "dark";
  }

  searchWord(button) {
    if (!button) return;
    byId("search").value = button.dataset.word;
    this.read();
    byId("rows").scrollIntoView({ behavior: "instant" });
  }

  async follow() {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      return;
    }
    const entry = this.index.ids.find(id);
    if (entry < 0) return;
    const place = this.index.place[entry];
    if (!this.list.order.includes(place)) this.reset();
    const position = this.list.order.indexOf(place);
    await this.list.bring(position);
    const article = this.list.reveal(position);
    const shown = this.data.rows.at(place)?.samples[entry - this.index.first[place] - 1]?.id;
    const sample = Array.from(article.querySelectorAll(".sample")).find((node) => node.dataset.id === shown);
    document.querySelectorAll(".linked").forEach((node) => node.classList.remove("linked"));
    (sample ?? article).classList.add("linked");
    this.focus(article);
    requestAnimationFrame(() => (sample ?? article).scrollIntoView({ block: sample ? "center" : "start", behavior: "instant" }));
  }

  focus(article) {
    if (!article) return;
    article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "start", behavior: "instant" });
  }

  press(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.review?.editing) return this.review.press("saveEdit");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "Escape" && this.review?.editing) return this.review.press("cancel");
    if (event.key === "Escape" && typing) return event.target.blur();
    if (typing) return;
    if (this.review?.open && this.review.key(event)) return event.preventDefault();
    const article = document.activeElement.closest?.(".card") ?? null;
    if (event.key === "/") byId("search").focus();
    else if (event.key === "j" || event.key === "k") this.move(article, event.key === "j" ? 1 : -1);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") this.token(article, event.key === "ArrowRight" ? 1 : -1);
    else return;
    event.preventDefault();
  }

  async move(article, by) {
    await this.list.bring(article ? Number(article.getAttribute("aria-posinset")) - 1 + by : 0);
    this.focus(this.list.step(article, by));
  }

  token(article, by) {
    const tokens = Array.from(article?.querySelectorAll(".t") ?? []);
    const place = tokens.indexOf(document.activeElement);
    tokens[place < 0 ? (by > 0 ? 0 : tokens.length - 1) : Math.min(tokens.length - 1, Math.max(0, place + by))]?.focus();
  }

  tip(target) {
    const box = byId("tip");
    const node = target?.closest?.(".t, del, ins, .figures");
    const rows = node && tipOf(node, this.view);
    document.querySelectorAll("[aria-describedby=tip]").forEach((other) => other.removeAttribute("aria-describedby"));
    box.hidden = !rows;
    if (!rows) return;
    box.replaceChildren(...rows.map(([name, value]) => element("div", "", element("span", "name", name), element("span", "value", value))));
    node.setAttribute("aria-describedby", "tip");
    const around = node.getClientRects()[0];
    const size = box.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(innerWidth - size.width - 8, around.left + around.width / 2 - size.width / 2))}px`;
    box.style.top = `${around.top - size.height - 8 > 0 ? around.top - size.height - 8 : around.bottom + 8}px`;
  }
}

async function main() {
  if (!("DecompressionStream" in globalThis)) {
    byId("status").textContent = STRINGS.en.old;
    return;
  }
  const data = await inflated(bytesOf(byId("payload")));
  const packed = (name) => Array.from(document.querySelectorAll(`script.${name}`), bytesOf);
  data.index = new Index(data.index);
  data.rows = new Rows(packed("part"), data.part || data.rows.length, data.rows);
  data.search = new Search(packed("words"), data.block, data.room, data.index);
  const report = new Report(data);
  byId("status").hidden = true;
  report.start();
  document.documentElement.dataset.ready = "yes";
  await data.search.prepare();
  document.documentElement.dataset.searchable = "yes";
}

main();
