"""A page of more rows than are unpacked at once: it filters, links, reviews and saves as a small one does."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from augment.report import page as drawing
from tests.report.browsing import Open, all_of, click, mixed, root
from tests.report.tables import HOSTILE, page
from tests.report.test_review import TEXTS, current, fresh, kept, press, reviewed
from tests.report.test_taking import taken
from tests.texts import TEXTS as AWKWARD


@pytest.fixture(autouse=True)
def parted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages of more than five rows be packed in parts of three, and searched in blocks of four."""
    monkeypatch.setattr(drawing, "_WHOLE", 5)
    monkeypatch.setattr(drawing, "_PART", 3)
    monkeypatch.setattr(drawing, "_BLOCK", 4)


# Blocks of texts after the first ones are unpacked when `unpack()` is called, as if there were very many of them.
_GATE = """
const text = Response.prototype.text;
const gate = new Promise((open) => (globalThis.unpack = open));
let unpacked = 0;
Response.prototype.text = function () {
  unpacked += 1;
  return unpacked < 4 ? text.call(this) : gate.then(() => text.call(this));
};
"""


@pytest.fixture
def gated(browser: Chrome) -> Iterator[None]:
    """Let pages that are opened unpack the texts of their first rows only until they may go on."""
    made = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _GATE})
    yield
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", made)


def searchable(browser: Chrome) -> Chrome:
    """Wait until every text can be searched at once."""
    WebDriverWait(browser, 20).until(lambda _: root(browser, "data-searchable") == "yes")
    return browser


def count(browser: Chrome) -> str:
    """Return the line of counts, which a review hides."""
    return str(browser.find_element(By.ID, "count").get_attribute("textContent"))


def wait_for_count(browser: Chrome, start: str) -> None:
    """Wait until the line of counts begins so."""
    WebDriverWait(browser, 10).until(lambda _: count(browser).startswith(start))


def wait_for_link(browser: Chrome, name: str) -> None:
    """Wait until the row or sample is the one linked to."""

    def linked(_: Chrome) -> bool:
        """Return whether it is."""
        return [node.get_attribute("data-id") for node in all_of(browser, ".linked")] == [name]

    WebDriverWait(browser, 10).until(linked)


def test_filters_search_and_links_find_rows_of_every_part(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = searchable(opened(mixed()))
    parted_counts = []
    for value in ("1", "0"):
        Select(browser.find_element(By.ID, "label")).select_by_value(value)
        parted_counts.append(count(browser))
    last = f"rows.csv:{len(AWKWARD) + len(HOSTILE) - 1}"
    for name in (last, f"{last}~substitute~0"):
        browser.execute_script("location.hash = arguments[0]", quote(name))
        wait_for_link(browser, name)
    press(browser, "k")
    WebDriverWait(browser, 10).until(
        lambda _: (
            browser.switch_to.active_element.get_attribute("data-id")
            == f"rows.csv:{len(AWKWARD) + len(HOSTILE) - 2}"
        )
    )
    monkeypatch.undo()
    browser = opened(mixed())
    for value, before in zip(("1", "0"), parted_counts, strict=True):
        Select(browser.find_element(By.ID, "label")).select_by_value(value)
        assert count(browser) == before


def test_a_review_and_a_download_unpack_what_they_need(opened: Open, tmp_path: Path) -> None:
    browser = searchable(fresh(opened, page(TEXTS)))
    ids = []
    for keys in ("a", "r1", "a"):
        WebDriverWait(browser, 10).until(lambda _: all_of(browser, "#review-item .decide"))
        ids.append(current(browser))
        press(browser, keys)
        WebDriverWait(browser, 10).until(lambda _: current(browser) not in ids)
    press(browser, "e")
    WebDriverWait(browser, 10).until(lambda _: all_of(browser, "#review-item textarea"))
    browser.switch_to.active_element.send_keys(" 好", Keys.CONTROL, Keys.ENTER)
    assert [kept(browser)[name]["decision"] for name in ids] == ["accept", "reject", "accept"]
    assert sum(one["decision"] == "edit" for one in kept(browser).values()) == 1
    click(browser, "#review-open")
    lines = [json.loads(line) for line in taken(browser, tmp_path, "jsonl").splitlines()]
    assert [line["text"] for line in lines if line["source_id"] is None] == TEXTS


def test_rows_from_more_parts_than_stay_unpacked_are_drawn_and_saved(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_PART", 1)
    browser = searchable(opened(page(TEXTS)))
    Select(browser.find_element(By.ID, "sort")).select_by_value("gold")
    WebDriverWait(browser, 10).until(lambda _: len(all_of(browser, "#list .card")) >= 10)
    last = f"rows.csv:{len(TEXTS) - 1}"
    browser.execute_script("location.hash = arguments[0]", quote(last))
    wait_for_link(browser, last)
    lines = [json.loads(line) for line in taken(browser, tmp_path, "jsonl").splitlines()]
    assert {line["text"] for line in lines if line["source_id"] is None} == set(TEXTS)


def test_rows_of_any_part_are_printed(opened: Open) -> None:
    browser = searchable(opened(page(TEXTS)))
    Select(browser.find_element(By.ID, "sort")).select_by_value("gold")
    printed = """dispatchEvent(new Event("beforeprint"));
    return document.querySelectorAll("#list .card").length === 40"""
    WebDriverWait(browser, 10).until(lambda _: browser.execute_script(printed))


@pytest.mark.usefixtures("gated")
def test_a_search_shows_what_it_finds_while_it_goes_on_and_an_edit_stays(opened: Open) -> None:
    browser = opened(reviewed(page(TEXTS)))
    browser.execute_script("localStorage.clear()")
    WebDriverWait(browser, 10).until(lambda _: all_of(browser, "#list .card"))
    browser.find_element(By.ID, "search").send_keys("THE ROOM 1", Keys.ESCAPE)
    assert count(browser).startswith("3 of 40 rows")  # 1, 10 and 11: of the first three blocks
    assert "searching" in count(browser)
    click(browser, "#review-open")
    press(browser, "e")
    browser.switch_to.active_element.send_keys(" unfinished")
    browser.execute_script("unpack()")
    WebDriverWait(browser, 10).until(lambda _: count(browser).startswith("11 of 40 rows"))
    assert "searching" not in count(browser)
    area = browser.find_element(By.CSS_SELECTOR, "#review-item textarea")
    assert str(area.get_attribute("value")).endswith(" unfinished")


def test_texts_that_do_not_fit_are_unpacked_at_each_search(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_ROOM", 500)
    browser = searchable(opened(page(TEXTS)))
    search = """const node = document.getElementById("search");
    node.value = arguments[0];
    node.dispatchEvent(new Event("input"))"""
    for query, rows in (("the room 1", 11), ("RCSV:3", 0), ("ROWS.CSV:3", 11), ("新", 40), ("没有", 0)):
        browser.execute_script(search, query)
        wait_for_count(browser, f"{rows} ")


def test_a_planted_row_has_the_sample_of_a_row_that_is_packed(opened: Open) -> None:
    browser = searchable(fresh(opened, page(TEXTS)))
    click(browser, "#planted")
    for _ in range(16):
        WebDriverWait(browser, 10).until(lambda _: all_of(browser, "#review-item .decide"))
        press(browser, "a")
    WebDriverWait(browser, 10).until(
        lambda _: "0 of 1 planted" in browser.find_element(By.ID, "review-progress").text
    )
    assert sum("planted" in one for one in kept(browser).values()) == 1
