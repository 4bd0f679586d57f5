"""What tests of the page look for in a real browser."""

from collections.abc import Callable

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from augment.report.finding import RunFinding
from augment.report.page import Page
from augment.report.words import TopWord
from tests.report.tables import HOSTILE, sample, samples, source_row, source_rows
from tests.texts import TEXTS

METHODS = ("ig", "gradient")
Open = Callable[[Page], Chrome]


def mixed() -> Page:
    """Return a page of every awkward and hostile text, by two methods, with samples of several verdicts."""
    texts = [text for text in (*TEXTS, *HOSTILE)]
    rows = [
        source_row(number, text, "第二句 second" if number == 4 else None, METHODS)
        for number, text in enumerate(texts)
    ]
    rows[1]["attack"] = "changed"
    made = []
    for number, row in enumerate(rows):
        if row["tokens"]:
            made.append(
                sample(
                    row, 0, "替换", "keep" if number % 2 else "adversarial", after=0.85 if number % 2 else 0.1
                )
            )
    made.append(sample(rows[0], 1, "", "drop", after=0.6))
    top = (TopWord("1", "酒店", 0.5, 5.0, 10), TopWord("1", "<b>", 0.4, 2.0, 5))
    names = {"0": "负面", "1": "positive"}
    return Page(
        "混合 mixed",
        (("model", "textcnn"), ("ig error (median, worst)", "0.1%, 2%"), ("odd <b>", "7")),
        ("a notice", "a trial: run.limit left 7 rows out"),
        source_rows(rows, METHODS),
        samples(made),
        METHODS,
        names,
        top,
        99,
        "logit",
        findings=(
            RunFinding.of("shortcut", "high", count="1", words='"<b>" (1, 99%)'),
            RunFinding.of("flips", "medium", count="3", rows="9", share="33 %"),
            RunFinding.of(
                "shortfall",
                "medium",
                count="1",
                rows="9",
                share="11 %",
                reason="delete_other: no phrase may be left out",
                most="1",
            ),
        ),
    )


def root(browser: Chrome, name: str) -> str | None:
    """Return an attribute of the root element."""
    return browser.find_element(By.TAG_NAME, "html").get_attribute(name)


def all_of(browser: Chrome, selector: str) -> list[WebElement]:
    """Return the elements that match a CSS selector."""
    return browser.find_elements(By.CSS_SELECTOR, selector)


def background(element: WebElement) -> str:
    """Return the computed background colour."""
    return str(element.value_of_css_property("background-color"))


def click(browser: Chrome, selector: str) -> None:
    """Click an element by script: radio inputs are hidden behind their labels."""
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)
