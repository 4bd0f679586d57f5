"""A real browser for the page. It needs Chromium, its driver and a Chinese font (Debian: chromium chromium-driver fonts-wqy-microhei)."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

from augment.report.page import Page, draw
from tests.report.browsing import Open, root

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start a headless Chromium with a fresh profile."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("needs chromium and chromedriver on the path")
    if (
        shutil.which("fc-list") is None
        or not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=True, timeout=60).stdout
    ):
        pytest.skip("needs a Chinese font: fc-list :lang=zh names none")
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture
def opened(browser: Chrome, tmp_path: Path) -> Iterator[Open]:
    """Give a function that opens a page over file://; at the end the console of the browser must be empty."""

    def show(page: Page) -> Chrome:
        path = tmp_path / "report.html"
        path.write_text(draw(page), encoding="utf-8")
        browser.get(path.as_uri())
        WebDriverWait(browser, 20).until(lambda _: root(browser, "data-ready") == "yes")
        return browser

    yield show
    assert _console(browser) == []


def _console(browser: Chrome) -> list[str]:
    """Return what the page wrote to the console, errors of scripts and of the security policy included."""
    log: Callable[[str], list[dict[str, str]]] = browser.get_log
    return [entry["message"] for entry in log("browser")]
