"""The review of a report in a real browser: decisions by keys, kept over a reload, saved to a file, and nothing else leaves."""

import json
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from augment.report.page import Page, draw
from augment.review.proportions import interval, more_for
from augment.text.text_hash import text_hash
from tests.report.browsing import Open, all_of, click, mixed, root
from tests.report.tables import page

Row = dict[str, Any]
TEXTS = [f"房间{number}很干净 the room {number} is clean" for number in range(40)]


def reviewed(of: Page) -> Page:
    """Return a page that can be reviewed."""
    return Page(**{**of.__dict__, "run": "abc", "total_samples": 400})


def fresh(opened: Open, of: Page) -> Chrome:
    """Open a page, without decisions of an earlier test, in a review."""
    browser = opened(reviewed(of))
    browser.execute_script("localStorage.clear()")
    browser.refresh()
    ready(browser)
    click(browser, "#review-open")
    return browser


def ready(browser: Chrome) -> None:
    """Wait until the page is drawn."""
    WebDriverWait(browser, 20).until(lambda _: root(browser, "data-ready") == "yes")


def press(browser: Chrome, keys: str) -> None:
    """Press keys, one after the other."""
    browser.switch_to.active_element.send_keys(keys)


def kept(browser: Chrome) -> dict[str, Row]:
    """Return the decisions in the storage of the browser, by id."""
    browser.execute_script("dispatchEvent(new Event('pagehide'))")
    text = browser.execute_script("return localStorage.getItem('augment review abc')")
    return {one["id"]: one for one in json.loads(text)["decisions"]}


def current(browser: Chrome) -> str:
    """Return the id of the row to decide on: of the sample, where it is one."""
    node = all_of(browser, "#review-item .sample") or all_of(browser, "#review-item .card")
    return str(node[0].get_attribute("data-id"))


def saved(browser: Chrome, folder: Path, name: str) -> list[Row]:
    """Return the decisions that the page saves."""
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    click(browser, "#review-save")
    WebDriverWait(browser, 20).until(lambda _: (folder / name).exists())
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def test_decisions_by_key_survive_a_reload_and_are_saved_to_a_file(opened: Open, tmp_path: Path) -> None:
    browser = fresh(opened, page(TEXTS))
    first = current(browser)
    press(browser, "a")
    second = current(browser)
    press(browser, "r2")
    third = current(browser)
    press(browser, "e")
    area = browser.switch_to.active_element
    assert area.tag_name == "textarea"
    area.send_keys("，很好 a j k", Keys.CONTROL, Keys.ENTER)
    fourth = current(browser)
    press(browser, "a")
    press(browser, "u")
    assert current(browser) == fourth
    browser.find_element(By.ID, "reviewer").send_keys("安 Ann")
    browser.refresh()
    ready(browser)
    click(browser, "#review-open")
    assert current(browser) == fourth
    made = kept(browser)
    assert {name: one["decision"] for name, one in made.items()} == {
        first: "accept",
        second: "reject",
        third: "edit",
    }
    lines = saved(browser, tmp_path, "decisions-安-Ann.jsonl")
    assert {line["reviewer"] for line in lines} == {"安 Ann"}
    assert lines[1]["reason"] == "language"
    assert lines[2]["text"].endswith("，很好 a j k")
    number = int(first.split(":")[1].split("~")[0])
    assert lines[0]["hash"] == text_hash("新" + TEXTS[number][2:], None)
    assert all(line["seconds"] >= 0 and line["order"] == "doubt" for line in lines)


def test_the_most_doubtful_come_first_and_all_of_a_filter_are_accepted_after_a_question(opened: Open) -> None:
    browser = fresh(opened, page(TEXTS))
    doubts = browser.execute_script(
        "return [...document.querySelectorAll('#review-item .why-doubt .name')].map((one) => one.textContent)"
    )
    assert doubts[0].startswith("doubt ")
    browser.find_element(By.ID, "search").send_keys("the room 1")
    browser.find_element(By.ID, "search").send_keys(Keys.ESCAPE)
    assert "of 11" in browser.find_element(By.ID, "review-progress").text
    press(browser, "j")
    press(browser, "A")
    question = browser.switch_to.alert
    assert "11" in question.text
    question.dismiss()
    assert "accepted" not in browser.find_element(By.ID, "review-progress").text
    press(browser, "A")
    browser.switch_to.alert.accept()
    assert len(kept(browser)) == 11
    assert all(one["order"] == "filter" for one in kept(browser).values())
    press(browser, "u")
    assert kept(browser) == {}


def test_the_verdict_is_hidden_until_decided_and_planted_rows_are_marked(opened: Open) -> None:
    browser = fresh(opened, page(TEXTS))
    click(browser, "#blind")
    verdict = browser.find_element(By.CSS_SELECTOR, "#review-item .verdict")
    assert verdict.value_of_css_property("visibility") == "hidden"
    press(browser, "a")
    verdict = browser.find_element(By.CSS_SELECTOR, "#review-item .verdict")
    assert verdict.value_of_css_property("visibility") == "visible"
    click(browser, "#blind")
    click(browser, "#planted")
    for _ in range(16):
        press(browser, "a")
    planted = [one for one in kept(browser).values() if one.get("planted")]
    assert [one["decision"] for one in planted] == ["accept"]
    assert "0 of 1 planted" in browser.find_element(By.ID, "review-progress").text


def test_what_the_review_shows_is_what_python_computes(opened: Open) -> None:
    browser = fresh(opened, page(TEXTS))
    Select(browser.find_element(By.ID, "review-order")).select_by_value("random")
    press(browser, Keys.ESCAPE)
    for number in range(20):
        press(browser, "r1" if number % 5 == 0 else "a")
    click(browser, "#review-shows summary")
    WebDriverWait(browser, 10).until(lambda _: all_of(browser, ".shows tbody tr"))
    low, high = (round(100 * bound) for bound in interval(16, 20))
    shown = browser.find_element(By.ID, "review-figures").text
    assert f"16 / 20 80 % {low} % – {high} %" in shown
    assert "380 samples are not reviewed; 20 % of them" in shown
    assert f"Review {more_for(0.03, 4, 20, 400)} more for" in shown
    click(browser, "#language")
    assert "再审阅" in browser.find_element(By.ID, "review-figures").text
    click(browser, "#language")


def test_hostile_texts_are_decided_as_they_are_and_nothing_leaves_the_page(
    opened: Open, tmp_path: Path
) -> None:
    browser = fresh(opened, mixed())
    for _ in range(8):
        press(browser, "e")
        active = browser.switch_to.active_element
        if active.tag_name == "textarea":
            active.send_keys("<img src=x onerror=document.title=1>", Keys.CONTROL, Keys.ENTER)
        else:
            press(browser, Keys.ESCAPE)
            press(browser, "a")
    browser.find_element(By.ID, "reviewer").send_keys("<script>../x")
    lines = saved(browser, tmp_path, "decisions--script-x.jsonl")
    assert sum("<img src=x" in line.get("text", "") for line in lines) >= 5
    click(browser, "#review-shows summary")
    assert browser.title == "混合 mixed"
    assert not all_of(browser, "img, iframe, object, link")
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert [name for name in loaded if not name.startswith("blob:")] == []
    assert not any("⟨" in line.get("text", "") for line in lines)


def test_every_control_of_the_review_has_a_name_and_a_role(opened: Open) -> None:
    browser = fresh(opened, page(TEXTS))
    press(browser, "r")
    unnamed = browser.execute_script(
        """return [...document.querySelectorAll('#review :is(button, select, input, textarea, summary)')].filter((node) => {
          const label = node.closest('label')?.textContent ?? '';
          return !(node.getAttribute('aria-label') || node.textContent.trim() || label.trim());
        }).map((node) => node.outerHTML)"""
    )
    assert unnamed == []
    # Every control is inside a landmark, and the one main landmark is there in both views.
    outside = browser.execute_script(
        """return [...document.querySelectorAll('button, input, select, a')].filter((node) => node.checkVisibility()
          && !node.closest('main, header, footer, nav, section[aria-label], section[aria-labelledby]')).map((node) => node.outerHTML)"""
    )
    assert outside == []
    assert browser.find_element(By.TAG_NAME, "main").is_displayed()
    assert all_of(browser, "#review-item .reasons[role=group][aria-label]")
    assert browser.find_element(By.ID, "review-news").get_attribute("role") == "status"
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_a_page_without_a_run_cannot_be_reviewed(opened: Open) -> None:
    browser = opened(page(TEXTS[:3]))
    assert not browser.find_element(By.ID, "review-open").is_displayed()


def test_equal_pages_are_equal_bytes(tmp_path: Path) -> None:
    assert draw(reviewed(mixed())) == draw(reviewed(mixed()))
