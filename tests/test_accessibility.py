"""The report and its review for people with a keyboard or a screen reader: axe-core finds nothing to object to."""

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.report.axe import violations
from tests.report.browsing import Open, all_of, click
from tests.report.conftest import browser as browser
from tests.report.conftest import opened as opened
from tests.report.tables import page
from tests.report.test_review import TEXTS, fresh, press

ORDER = ("review", "reasons", "editor", "decided", "done", "list", "chinese", "dark", "narrow")


def bring(browser: Chrome, state: str) -> None:
    """Bring a page in review from one of the states into the next one."""
    keys = {"reasons": "r", "editor": Keys.ESCAPE + "e", "decided": "aar1"}
    clicks = {
        "decided": "#review-shows summary",
        "list": "#review-open",
        "chinese": "#language",
        "dark": "#theme",
    }
    if state == "decided":
        press(browser, Keys.ESCAPE)
        browser.find_element(By.TAG_NAME, "body").click()
    if state in keys:
        press(browser, keys[state])
    if state in clicks:
        click(browser, clicks[state])
    if state == "done":
        browser.execute_script("confirm = () => true")
        press(browser, "A")
        assert all_of(browser, "#review-item .none")
    if state == "narrow":
        browser.set_window_size(500, 900)


def test_no_state_of_the_report_or_its_review_violates_a_rule_of_axe(opened: Open) -> None:
    browser = fresh(opened, page(TEXTS[:6], ("ig", "gradient")))
    try:
        for state in ORDER:
            bring(browser, state)
            assert violations(browser) == [], state
    finally:
        browser.set_window_size(1280, 900)
