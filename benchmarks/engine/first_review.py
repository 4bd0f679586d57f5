"""A first review, timed: from the command that runs a pipeline to a dataset that people decided on and `verify` finds whole.

Each step is done as a person does it: commands on the terminal, the report over file:// in a headless Chromium, and keys, one at a time. A
script presses the keys and waits between them, so the time of a step is that of the machine; how long a person looks at a sample is not in
it. Of ten decisions seven accept, two reject for a reason and one edits a text. Results are appended to first_review.json.

    python -m benchmarks.engine.first_review augment -c demo-zh --limit 300 --decisions 200
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

RESULTS = Path(__file__).with_suffix(".json")
READY = "return document.documentElement.dataset.ready === 'yes'"
# Ten decisions: seven accept, two reject for a reason, one edits.
KEYS = ("a", "a", "a", "a", "r1", "a", "a", "r2", "a", "e")
STEPS = ("run", "report in sight", "decide", "save", "dry run", "apply", "verify")


def command(words: Sequence[str]) -> float:
    """Return the seconds that a command of ours takes; SystemExit where it fails."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "augment", *words], check=True, stdout=subprocess.DEVNULL, timeout=1800
    )
    return time.monotonic() - began


def reviewed(report: Path, wanted: int, pause: float, downloads: Path) -> dict[str, float]:
    """Return the seconds of what is done in the browser: until the report is in sight, for all decisions without pauses, until saved."""
    options = ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1300,900"):
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or ""
    browser = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    try:
        began = time.monotonic()
        browser.get(report.as_uri())
        WebDriverWait(browser, 120, 0.05).until(lambda _: browser.execute_script(READY))
        seen = time.monotonic() - began
        browser.find_element(By.ID, "review-open").click()
        deciding = 0.0
        for number in range(wanted):
            began = time.monotonic()
            for key in KEYS[number % len(KEYS)]:
                browser.switch_to.active_element.send_keys(key)
            if browser.switch_to.active_element.tag_name == "textarea":
                browser.switch_to.active_element.send_keys("!", Keys.CONTROL, Keys.ENTER)
            elif (
                browser.switch_to.active_element.tag_name == "select"
            ):  # a source row is given no other label here
                browser.switch_to.active_element.send_keys(Keys.ESCAPE)
                browser.switch_to.active_element.send_keys("a")
            deciding += time.monotonic() - began
            time.sleep(pause)
        began = time.monotonic()
        browser.find_element(By.ID, "review-save").click()
        WebDriverWait(browser, 60, 0.05).until(lambda _: (downloads / "decisions.jsonl").exists())
        return {"report in sight": seen, "decide": deciding, "save": time.monotonic() - began}
    finally:
        browser.quit()


def measured(given: argparse.Namespace, rest: Sequence[str]) -> dict[str, Any]:
    """Return the seconds of each step of one review, and how many decisions there were."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, decisions = Path(scratch) / "run", Path(scratch) / "decisions.jsonl"
        seconds = {"run": command(["run", given.pipeline, *rest, "--output", str(folder)])}
        seconds |= reviewed(folder / "report.html", given.decisions, given.pause, Path(scratch))
        seconds["dry run"] = command(["apply", str(decisions), str(folder), "--dry-run"])
        seconds["apply"] = command(["apply", str(decisions), str(folder)])
        seconds["verify"] = command(["verify", str(folder)])
        made = decisions.read_text("utf-8").splitlines()
        summary = json.loads((folder / "manifest.json").read_text("utf-8"))["summary"]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "run": " ".join([given.pipeline, *rest]),
        "samples": summary["counts"]["samples made"],
        "decisions": len(made),
        "notice": summary["notices"][0],
        "seconds": {name: round(seconds[name], 2) for name in STEPS},
    }


def write_table(results: Sequence[dict[str, Any]]) -> None:
    """Write first_review.md: a line for each review."""
    heads = ("date", "run", "samples", "decisions", *(f"{name} s" for name in STEPS))
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for one in results:
        cells = (one["date"], f"`{one['run']}`", one["samples"], one["decisions"], *one["seconds"].values())
        lines.append(f"| {' | '.join(map(str, cells))} |")
    about = [" ".join(part.split("\n")) for part in (__doc__ or "").strip().split("\n\n")[:2]]
    note = "One review a line, on two cores with no other work. Commands include the start of Python."
    RESULTS.with_suffix(".md").write_text(
        "\n\n".join(["# A first review", *about, note, "\n".join(lines)]) + "\n", "utf-8"
    )


def main() -> None:
    """Do one review and append how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pipeline")
    parser.add_argument("--decisions", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two decisions")
    given, rest = parser.parse_known_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
    results.append(measured(given, rest))
    print(json.dumps(results[-1], ensure_ascii=False))
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    write_table(results)


if __name__ == "__main__":
    main()
