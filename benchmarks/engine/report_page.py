"""How large a report is and how fast a browser opens it: 10,000 samples in one file, and as many rows as are requested.

Rows are those of a finished run, repeated under other ids until there are enough. For each size the page is drawn, opened in a headless
Chromium over file://, filtered, searched, put into review and decided by keys; with `--axe axe.min.js` its accessibility is checked in
every state. Each filter is set and reset several times, with pauses in which the page draws what is near. Memory is what the scripts,
their buffers and the nodes of the page hold after a collection. Results are appended to report_page.json.

    python -m benchmarks.engine.report_page runs/hotel-zh-augment-wide --rows 2500 20000
"""

import argparse
import json
import platform
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.report.page import Page, draw

RESULTS = Path(__file__).with_suffix(".json")
READY = "return document.documentElement.dataset.ready === 'yes'"
PICKS = (("verdict", "keep"), ("outcome", "wrong"), ("sort", "gold"), ("search", "早餐"))
REPEATS = 7
# Milliseconds from changing a filter to the list being there; of a search to its last row.
FILTER = """
const node = document.getElementById(arguments[0]);
const began = performance.now();
node.value = arguments[1];
node.dispatchEvent(new Event(arguments[0] === 'search' ? 'input' : 'change'));
document.getElementById('list').getBoundingClientRect();
return performance.now() - began;
"""
SEARCHING = "return document.getElementById('count').textContent.includes('searching')"
KEYS = """
const began = performance.now();
for (let at = 0; at < 200; at += 1) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: at % 3 ? 'a' : 'j', bubbles: true }));
return (performance.now() - began) / 200;
"""
AXE = "const done = arguments[0]; axe.run().then((result) => done(result.violations.map((one) => one.id)))"


def page_of(folder: Path, wanted: int, longest: int, most: int) -> tuple[Page, int, int]:
    """Return a page of so many rows with at most so many samples each, and the numbers of both."""
    rows, samples = pq.read_table(folder / SOURCE_ROWS), pq.read_table(folder / SAMPLES)
    rows = rows.filter(pc.less_equal(pc.utf8_length(rows.column("text")), longest))
    numbers = [int(name.rpartition("~")[2]) for name in samples.column("id").to_pylist()]
    samples = samples.filter(pa.array([number <= most for number in numbers], pa.bool_()))
    parts: list[tuple[pa.Table, pa.Table]] = []
    for copy in range(-(-wanted // rows.num_rows)):
        part = rows.slice(0, min(rows.num_rows, wanted - copy * rows.num_rows))
        known = set(part.column("id").to_pylist())
        own = samples.filter(
            pa.array([name in known for name in samples.column("source_id").to_pylist()], pa.bool_())
        )
        parts.append((renamed(part, copy, ("id",)), renamed(own, copy, ("id", "source_id"))))
    both = [pa.concat_tables([pair[side] for pair in parts]) for side in (0, 1)]
    page = Page("benchmark", source_rows=both[0], samples=both[1], run="benchmark", unit="logit")
    return page, both[0].num_rows, both[1].num_rows


def renamed(table: pa.Table, copy: int, names: tuple[str, ...]) -> pa.Table:
    """Return a table whose ids have a number behind them."""
    for name in names if copy else ():
        values = [f"{value}+{copy}" for value in table.column(name).to_pylist()]
        table = table.set_column(table.column_names.index(name), name, pa.array(values, pa.string()))
    return table


def measured(given: argparse.Namespace, wanted: int) -> dict[str, Any]:
    """Return the figures of one size."""
    page, rows, samples = page_of(given.folder, wanted, given.longest, given.samples)
    began = time.monotonic()
    text = draw(page)
    drawn = time.monotonic() - began
    size = len(text.encode())
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "report.html"
        path.write_text(text, encoding="utf-8")
        figures = in_browser(path, given.axe)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "rows": rows,
        "samples": samples,
        "drawn_s": round(drawn, 1),
        "file_mb": round(size / 1e6, 2),
        "bytes_a_row_or_sample": round(size / (rows + samples)),
        **figures,
    }


def in_browser(path: Path, axe: Path | None) -> dict[str, Any]:
    """Return what a browser needs for a page."""
    options = ChromeOptions()
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1300,900",
        "--enable-precise-memory-info",
    ):
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or ""
    browser = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
    try:
        opened = []
        for _ in range(3):
            began = time.monotonic()
            browser.get(path.as_uri())
            WebDriverWait(browser, 120, 0.05).until(lambda _: browser.execute_script(READY))
            opened.append(time.monotonic() - began)
        # A large page goes on to unpack texts to search while it is used.
        began = time.monotonic()
        known = "return document.documentElement.dataset.searchable === 'yes'"
        WebDriverWait(browser, 300, 0.1).until(lambda _: browser.execute_script(known))
        indexed = time.monotonic() - began
        time.sleep(3)
        filters = filtered(browser)
        browser.execute_script("document.getElementById('clear').click()")
        browser.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        held: dict[str, float] = browser.execute_cdp_cmd("Runtime.getHeapUsage", {})
        violations = {}
        source = axe.read_text("utf-8") if axe else ""
        for state, script in (("list", ""), ("review", "document.getElementById('review-open').click()")):
            browser.execute_script(script)
            if source:
                browser.execute_script(source)
                violations[state] = browser.execute_async_script(AXE)
        browser.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        reviewing: dict[str, float] = browser.execute_cdp_cmd("Runtime.getHeapUsage", {})
        decision = browser.execute_script(KEYS)
        requests = browser.execute_script("return performance.getEntriesByType('resource').length")
    finally:
        browser.quit()
    return {
        "ready_s": round(statistics.median(opened), 2),
        "ready_s_least_most": [round(min(opened), 2), round(max(opened), 2)],
        "all_known_s": round(indexed, 1),
        "repeats": REPEATS,
        "filters_ms": {name: round(statistics.median(times), 1) for name, times in filters.items()},
        "filters_ms_worst": {name: round(max(times), 1) for name, times in filters.items()},
        "heap_mb": megabytes(held),
        "review_heap_mb": megabytes(reviewing),
        "decision_ms": round(decision, 1),
        "requests": requests,
        **({"violations": violations} if violations else {}),
    }


def filtered(browser: Chrome) -> dict[str, list[float]]:
    """Return the milliseconds of each filter, of setting and of resetting it."""
    times: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for name, value in PICKS:
            for chosen in (value, "file" if name == "sort" else ""):
                began = time.monotonic()
                spent = browser.execute_script(FILTER, name, chosen)
                if browser.execute_script(SEARCHING):
                    WebDriverWait(browser, 60, 0.01).until_not(lambda _: browser.execute_script(SEARCHING))
                    spent = 1000 * (time.monotonic() - began)
                times.setdefault(f"{name} {chosen}".strip(), []).append(spent)
                time.sleep(0.3)
    return times


def megabytes(held: dict[str, float]) -> int:
    """Return what a page holds: values of scripts, their buffers, and nodes."""
    return round(sum(held[name] for name in ("usedSize", "backingStorageSize", "embedderHeapUsedSize")) / 1e6)


def cell(one: dict[str, Any], search: bool) -> str:
    """Return the slowest filter, or the search: its median and the worst of all repeats, where there were any."""
    names = [name for name in one["filters_ms"] if name.startswith("search") == search]
    median = max(one["filters_ms"][name] for name in names)
    worst = one.get("filters_ms_worst")
    return f"{median}" if worst is None else f"{median} ({max(worst[name] for name in names)})"


def write_table(results: list[dict[str, Any]]) -> None:
    """Write report_page.md: a line for each measurement."""
    heads = (
        "date",
        "rows",
        "samples",
        "drawn s",
        "file MB",
        "bytes a row or sample",
        "ready s (least, most)",
        "all rows known s",
        "slowest filter ms (worst)",
        "search ms (worst)",
        "heap MB",
        "in review",
        "ms a decision",
        "requests",
        "axe violations",
    )
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for one in results:
        least, most = one["ready_s_least_most"]
        violations = one.get("violations")
        cells = (
            one["date"],
            f"{one['rows']:,}",
            f"{one['samples']:,}",
            one["drawn_s"],
            one["file_mb"],
            one["bytes_a_row_or_sample"],
            f"{one['ready_s']} ({least}, {most})",
            one.get("all_known_s", 0.0),
            cell(one, False),
            cell(one, True),
            one["heap_mb"],
            one.get("review_heap_mb", "–"),
            one["decision_ms"],
            one["requests"],
            "not checked" if violations is None else sum(map(len, violations.values())),
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    about = [line.strip() for line in (__doc__ or "").strip().split("\n\n")[:2]]
    note = (
        "Three openings each, the median with the least and the most. Filters: the median of the slowest one and the worst time of all, of "
        f"{REPEATS} settings each where a worst time is given, else of one each. Memory in review is that with its queue. Two cores that other "
        "work may share: how much it shares shows in the time to draw the same rows. The 100,000 rows of 357 s were measured with ten other "
        "processes at work; the two lines under them with none."
    )
    text = "\n\n".join(["# The report in a browser", *about, note, "\n".join(lines)])
    RESULTS.with_suffix(".md").write_text(text + "\n", "utf-8")


def main() -> None:
    """Measure the sizes requested and append what comes out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[2500])
    parser.add_argument("--longest", type=int, default=100_000, help="characters of a text, at most")
    parser.add_argument("--samples", type=int, default=9, help="samples of each method a row, at most")
    parser.add_argument("--axe", type=Path)
    given = parser.parse_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
    for wanted in given.rows:
        result = measured(given, wanted)
        print(json.dumps(result, ensure_ascii=False))
        results.append(result)
        RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
        write_table(results)


if __name__ == "__main__":
    main()
