"""The whole way: a report in a real browser, decisions by keys, the saved file applied to the folder, the folder verified."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from augment.output.manifest import read_summary
from augment.review.apply_decisions import apply_decisions
from augment.verification import verify
from tests.report.browsing import click, root
from tests.report.conftest import browser as browser
from tests.review.conftest import samples_of


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_decisions_of_the_report_are_applied_and_the_folder_is_whole(
    folder: Path, browser: Chrome, tmp_path: Path
) -> None:
    browser.get((folder / "report.html").as_uri())
    WebDriverWait(browser, 20).until(lambda _: root(browser, "data-ready") == "yes")
    click(browser, "#review-open")
    browser.switch_to.active_element.send_keys("ar1" * 14)
    browser.find_element(By.ID, "reviewer").send_keys("Ann")
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    click(browser, "#review-save")
    saved = tmp_path / "decisions-Ann.jsonl"
    WebDriverWait(browser, 20).until(lambda _: saved.exists())
    result = apply_decisions(saved, folder)
    assert result.applied == 28
    assert verify(folder).ok
    by_hand = [row for row in samples_of(folder) if row["reviewed_by"] == "Ann"]
    assert {row["reason"] for row in by_hand} >= {"accepted by hand", "rejected by hand: label"}
    assert read_summary(folder).notices[0].startswith("reviewed by people: ")
    # The report is drawn again, and what was decided is not asked for again.
    browser.get((folder / "report.html").as_uri())
    WebDriverWait(browser, 20).until(lambda _: root(browser, "data-ready") == "yes")
    click(browser, "#review-open")
    shown = "return document.querySelector('#review-item .sample, #review-item .card').dataset.id"
    assert browser.execute_script(shown) not in {row["id"] for row in by_hand}
