"""What is taken from a report: the rows that the filters leave as a file, and the text of one."""

import csv
import io
import json
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.report.browsing import Open, all_of, click, mixed
from tests.report.tables import HOSTILE, page
from tests.texts import TEXTS


def taken(browser: Chrome, folder: Path, kind: str) -> str:
    """Return the file that the page saves."""
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    click(browser, f"[data-take={kind}]")
    path = folder / f"rows.{kind}"
    WebDriverWait(browser, 20).until(lambda _: path.exists() and path.stat().st_size)
    return path.read_text("utf-8-sig")


def test_the_rows_of_the_filter_are_a_file_with_every_text_as_it_is(opened: Open, tmp_path: Path) -> None:
    browser = opened(mixed())
    lines = [json.loads(line) for line in taken(browser, tmp_path, "jsonl").splitlines()]
    sources = [line["text"] for line in lines if line["source_id"] is None]
    hidden = {text for text in (*TEXTS, *HOSTILE) if not text.isprintable()}
    assert [text for text in (*TEXTS, *HOSTILE) if text not in sources and text not in hidden] == []
    Select(browser.find_element(By.ID, "verdict")).select_by_value("drop")
    rows = list(csv.DictReader(io.StringIO(taken(browser, tmp_path, "csv"), newline="")))
    assert [row["verdict"] for row in rows] == ["", "drop"]
    assert rows[1]["source_id"] == rows[0]["id"]


def test_a_formula_is_text_in_the_table_and_a_text_is_copied(opened: Open, tmp_path: Path) -> None:
    browser = opened(page(["=HYPERLINK(1) 很好", 'a, "b"\nc']))
    rows = list(csv.DictReader(io.StringIO(taken(browser, tmp_path, "csv"), newline="")))
    assert [row["text"] for row in rows if not row["source_id"]] == ["'=HYPERLINK(1) 很好", 'a, "b"\nc']
    all_of(browser, "#list .copy")[0].click()
    WebDriverWait(browser, 10).until(lambda _: all_of(browser, "#list .copy")[0].text == "✓")
