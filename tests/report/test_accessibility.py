"""The report and its review for people with a keyboard or a screen reader: axe-core finds nothing to object to."""

from selenium.webdriver import Chrome

from tests.report.axe import violations
from tests.report.browsing import Open, all_of, click
from tests.report.tables import page
from tests.report.test_review import TEXTS, fresh, press

STATES = ("list", "narrow", "dark", "review", "reasons", "editor", "shown", "done")


def bring(browser: Chrome, state: str) -> None:
    """Bring a page that is in review into one of the states."""
    if state in ("list", "narrow"):
        click(browser, "#review-open")
    if state == "dark":
        click(browser, "#theme")
    if state == "reasons":
        press(browser, "r")
    if state == "editor":
        press(browser, "e")
    if state == "shown":
        press(browser, "aar1")
        click(browser, "#review-shows summary")
    if state == "done":
        browser.execute_script("confirm = () => true")
        press(browser, "A")
        assert all_of(browser, "#review-item .none")


def test_no_state_of_the_report_or_its_review_violates_a_rule_of_axe(opened: Open) -> None:
    width = {"narrow": 500}
    try:
        for language in ("en", "zh"):
            for state in STATES:
                browser = fresh(opened, page(TEXTS[:6], ("ig", "gradient")))
                browser.set_window_size(width.get(state, 1280), 900)
                if language == "zh":
                    click(browser, "#language")
                bring(browser, state)
                assert violations(browser) == [], (language, state)
    finally:
        browser.set_window_size(1280, 900)
