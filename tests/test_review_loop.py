"""A whole review of a real run in a real browser: two hundred decisions by key, saved, applied, and the folder is whole.

Every field that others fill has text that would run if it were ever taken for HTML or script.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from typer.testing import CliRunner

from augment.api.run import run
from augment.cli.commands import app
from augment.pipeline.definition import Pipeline
from augment.text.visible import visible
from augment.training import train
from augment.verification import verify
from tests.report.browsing import all_of, click, root
from tests.report.conftest import browser as browser
from tests.report.tables import HOSTILE
from tests.report.test_review import press, saved
from tests.review.conftest import Row, samples_of
from tests.small import BAD, GOOD, SUBJECTS, small_job

EVIL = "<img src=x onerror=\"document.title='owned'\">"
LABELS = (f"good{EVIL}", "bad</script><script>document.title='owned'</script>")
# Two of three as they are, one of five rejected, one of ten edited.
ROUND, ROUNDS = "aaaar1aar2a", 20


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run of more than 200 samples, hostile in its ids, texts, labels, columns and names."""
    folder = tmp_path_factory.mktemp("hostile")
    tails = cycle(text for text in HOSTILE if "\x00" not in text)
    with (folder / "small.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "review", "label", f"note{EVIL}"])
        for number in range(150):
            word = (GOOD, BAD)[number % 2][number % 7]
            text = f"{SUBJECTS[number % 5]} {word} {number} {next(tails)}"
            writer.writerow([f"r{number}{EVIL}", text, LABELS[number % 2], EVIL])
    job = small_job(folder, splits=("train",)).model_copy(update={"name": f"small {EVIL}"})
    train(job)
    rules = [{"verdict": "contrast", "prediction": "changed"}, {"verdict": "keep", "p_gold_at_least": 0.85}]
    stages = [
        {"kind": "tokenize"},
        {"kind": "attribute", "fixed": 2, "baseline": "corpus"},
        {"kind": "rank", "fraction": 0.25},
        {"kind": "delete", "on": "any", "samples": 2},
        {"kind": "judge"},
        {"kind": "keep", "rules": rules},
    ]
    plan = Pipeline.model_validate({"name": "hostile", "about": EVIL, "splits": ("train",), "stages": stages})
    return run(plan, job, tmp_path_factory.mktemp("runs") / "run").folder


def look(browser: Chrome, report: Path) -> None:
    """Open a report in review."""
    browser.get(report.as_uri())
    WebDriverWait(browser, 20).until(lambda _: root(browser, "data-ready") == "yes")
    click(browser, "#review-open")


def requested(browser: Chrome) -> set[str]:
    """Return the schemes of what the page requested since the last call."""
    log: Callable[[str], list[Row]] = browser.get_log
    messages = [json.loads(entry["message"])["message"] for entry in log("performance")]
    sent = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return {each["request"]["url"].partition(":")[0] for each in sent}


def test_two_hundred_decisions_by_key_are_saved_applied_and_verified(
    hostile: Path, browser: Chrome, tmp_path: Path
) -> None:
    requested(browser)
    look(browser, hostile / "report.html")
    browser.execute_script("localStorage.clear()")
    look(browser, hostile / "report.html")
    title = browser.title
    browser.find_element(By.ID, "reviewer").send_keys("Ann <b>")
    browser.find_element(By.ID, "reviewer").send_keys(Keys.ESCAPE)
    for number in range(ROUNDS):
        if number == ROUNDS // 2:  # what was decided is there after a reload
            look(browser, hostile / "report.html")
            assert f"{7 * number} accepted" in browser.find_element(By.ID, "review-progress").text
        press(browser, ROUND)
        press(browser, "e")
        browser.switch_to.active_element.send_keys(f" {EVIL} {number}", Keys.CONTROL, Keys.ENTER)
    lines = saved(browser, tmp_path, "decisions-Ann-b-.jsonl")
    assert Counter(line["decision"] for line in lines) == {"accept": 140, "reject": 40, "edit": 20}
    assert all(line["reviewer"] == "Ann <b>" for line in lines)
    before = {row["id"]: row for row in samples_of(hostile)}
    decisions = str(tmp_path / "decisions-Ann-b-.jsonl")
    for words in (["apply", decisions, str(hostile)], ["verify", str(hostile)]):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
    after = {row["id"]: row for row in samples_of(hostile)}
    decided = {line["id"]: line for line in lines if line["id"] in after}
    assert {name for name, row in after.items() if row["reviewed_by"]} == set(decided)
    for name, line in decided.items():
        if line["decision"] == "reject":
            assert after[name]["reason"] == f"rejected by hand: {line['reason']}"
        else:
            assert after[name]["verdict"] in ("keep", "contrast")
        assert after[name]["text"] == line.get("text", before[name]["text"])
    # The report is drawn again: what was decided does not come up, and no field did anything.
    look(browser, hostile / "report.html")
    shown = str(all_of(browser, "#review-item .sample, #review-item .card")[-1].get_attribute("data-id"))
    assert shown not in map(visible, decided)
    click(browser, "#review-open")
    click(browser, "#language")
    assert browser.title == title
    assert not all_of(browser, "img, iframe, object, link, b")
    assert requested(browser) <= {"file", "blob", "data"}
    assert verify(hostile).ok
