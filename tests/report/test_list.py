"""The list of rows and its controls in a real browser: filters, search, order, links, scale."""

from urllib.parse import quote

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from augment.report.page import Page
from tests.report.browsing import Open, all_of, background, click, mixed, root
from tests.report.tables import HOSTILE, sample, samples, source_row, source_rows
from tests.texts import TEXTS


def shown_rows(browser: Chrome) -> int:
    """Return the number of rows the filters leave, as the page counts them."""
    return int(browser.find_element(By.ID, "count").text.split()[0].replace(",", ""))


def pick(browser: Chrome, name: str, value: str) -> None:
    """Choose an option of a filter."""
    Select(browser.find_element(By.ID, name)).select_by_value(value)


def test_switching_the_scale_changes_colours(opened: Open) -> None:
    browser = opened(mixed())
    token = browser.find_element(By.CSS_SELECTOR, ".explained .t[class*=' a']")
    signed = background(token)
    click(browser, "input[value=red]")
    assert root(browser, "data-scale") == "red"
    token = browser.find_element(By.CSS_SELECTOR, ".explained .t[class*=' a']")
    assert background(token) != signed
    before = browser.execute_script(
        "return [...document.querySelectorAll('.explained .t')].map((token) => token.className)"
    )
    click(browser, "input[value=text]")
    after = browser.execute_script(
        "return [...document.querySelectorAll('.explained .t')].map((token) => token.className)"
    )
    assert before != after
    assert len(before) == len(after)


def test_filters_search_and_reset_change_the_number_of_rows(opened: Open) -> None:
    browser = opened(mixed())
    everything = len(TEXTS) + len(HOSTILE)
    assert shown_rows(browser) == everything
    pick(browser, "label", "1")
    assert shown_rows(browser) == everything // 2
    pick(browser, "outcome", "wrong")
    assert 0 < shown_rows(browser) < everything // 2
    click(browser, "#clear")
    assert shown_rows(browser) == everything
    pick(browser, "verdict", "drop")
    assert shown_rows(browser) == 1
    assert [node.text for node in all_of(browser, "#list .sample .verdict")] == ["drop"]
    click(browser, "#clear")
    browser.find_element(By.ID, "search").send_keys("牛丼")
    assert shown_rows(browser) == 1
    browser.find_element(By.ID, "search").send_keys("没有这个")
    assert shown_rows(browser) == 0
    assert browser.find_element(By.ID, "none").is_displayed()


def test_sorting_puts_the_worst_gap_first(opened: Open) -> None:
    browser = opened(mixed())
    pick(browser, "sort", "error")
    last = len(TEXTS) + len(HOSTILE) - 1
    assert (
        browser.find_element(By.CSS_SELECTOR, "#list .card").get_attribute("aria-label") == f"rows.csv:{last}"
    )


def test_a_link_to_a_row_or_a_sample_shows_it_even_where_filters_hid_it(opened: Open) -> None:
    browser = opened(mixed())
    pick(browser, "verdict", "drop")
    name = f"rows.csv:{len(TEXTS)}"
    for linked in (name, f"{name}~substitute~0"):
        browser.execute_script("location.hash = arguments[0]", quote(linked))
        _wait_for_link(browser, linked)
        assert browser.find_element(By.CSS_SELECTOR, ".linked").is_displayed()
    assert shown_rows(browser) == len(TEXTS) + len(HOSTILE)


def _wait_for_link(browser: Chrome, linked: str) -> None:
    """Wait until the row or sample is the one linked to."""
    WebDriverWait(browser, 10).until(lambda _: _linked(browser) == linked)


def _linked(browser: Chrome) -> str | None:
    """Return the id of the row or sample that is linked to."""
    result = all_of(browser, ".linked")
    return result[0].get_attribute("data-id") if result else None


def test_the_explanation_of_words_is_closed_until_requested(opened: Open) -> None:
    browser = opened(mixed())
    meaning = browser.find_element(By.CSS_SELECTOR, ".meaning dl")
    assert not meaning.is_displayed()
    click(browser, ".meaning summary")
    assert "Estimated distance" in meaning.text
    click(browser, "#language")
    assert "估计一行的得分与精确积分相差多少" in meaning.text
    click(browser, ".meaning summary")


def test_the_evidence_of_a_finding_opens_its_section_or_filters_the_rows(opened: Open) -> None:
    browser = opened(mixed())
    click(browser, "[data-show='words']")
    assert browser.find_element(By.ID, "words").get_attribute("open")
    assert browser.switch_to.active_element.tag_name == "summary"
    click(browser, "[data-show='rows:flipped']")
    assert 0 < shown_rows(browser) < len(TEXTS) + len(HOSTILE)
    assert browser.find_element(By.ID, "outcome").get_attribute("value") == "flipped"


def test_findings_and_a_row_with_its_sample_are_on_the_first_screen(opened: Open) -> None:
    browser = opened(mixed())
    browser.set_window_size(1300, 900)
    browser.execute_script("scrollTo(0, 0)")
    bottom = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
    first, last = "#findings li:last-child", "#lead .sample"
    assert 0 < browser.execute_script(bottom, first) < browser.execute_script(bottom, last) < 760
    assert browser.find_element(By.CSS_SELECTOR, "#lead del").is_displayed()
    assert not browser.find_element(By.CSS_SELECTOR, "#counts .facts").is_displayed()


def test_the_row_drawn_first_keeps_its_samples_whatever_is_filtered(opened: Open) -> None:
    browser = opened(mixed())
    before = len(all_of(browser, "#lead .sample"))
    pick(browser, "verdict", "drop")
    assert len(all_of(browser, "#lead .sample")) == before > 0


def test_a_word_of_the_table_searches_for_itself(opened: Open) -> None:
    browser = opened(mixed())
    click(browser, "#words summary")
    click(browser, "button[data-word='酒店']")
    assert shown_rows(browser) == 1


def test_dark_mode_has_its_own_colours(opened: Open) -> None:
    browser = opened(mixed())
    token = browser.find_element(By.CSS_SELECTOR, ".explained .t[class*=' f']")
    light = background(token)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    dark = background(token)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert light != dark


def test_a_bare_and_an_empty_report_open(opened: Open) -> None:
    for page in (Page("empty"), Page("bare", source_rows=source_rows([{"id": "a", "text": "只有文本"}]))):
        browser = opened(page)
        assert shown_rows(browser) == page.source_rows.num_rows


def test_five_thousand_rows_open_filter_and_scroll_with_a_small_page(opened: Open) -> None:
    base = [source_row(number, TEXTS[number % 4]) for number in range(8)]
    rows = [base[number % 8] | {"id": f"r{number}"} for number in range(5000)]
    made = [sample(row, k, "新", "keep") for row in rows for k in range(4)]
    browser = opened(
        Page("many", source_rows=source_rows(rows), samples=samples(made), total_source_rows=9999)
    )
    assert shown_rows(browser) == 5000
    assert len(all_of(browser, ".card")) < 200
    browser.execute_script("scrollTo(0, document.body.scrollHeight / 2)")
    WebDriverWait(browser, 10).until(lambda _: _row_in_window(browser) > 1000)
    assert len(all_of(browser, ".card")) < 200
    browser.execute_script("location.hash = 'r4999'")
    _wait_for_link(browser, "r4999")
    pick(browser, "label", "1")
    assert shown_rows(browser) == 2500


def _row_in_window(browser: Chrome) -> int:
    """Return the place of the row in the middle of the window, 0 if there is none yet."""
    script = "return document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('.card')?.getAttribute('aria-posinset')"
    return int(browser.execute_script(script) or 0)
