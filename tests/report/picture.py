"""Photograph the rows of a report that a search finds: the pictures of the READMEs.

python tests/report/picture.py runs/demo-en-augment/report.html "familiar story" docs/report.png [--chinese]
"""

import argparse
import shutil
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=920,1000")
# Only the list of rows and what is above it; nothing shows where the pointer or the cursor is.
ALONE = """
for (const part of document.querySelectorAll('.head, .findings, .lead, .folds, .foot')) part.hidden = true;
document.activeElement.blur();
document.body.style.padding = '0 1rem';
"""


def main() -> None:
    """Open the report, search, and save the part of the page that holds the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("search")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--chinese", action="store_true")
    given = parser.parse_args()
    options = ChromeOptions()
    for flag in (*FLAGS, "--force-device-scale-factor=1.5"):
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or ""
    browser = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
    browser.get(given.report.resolve().as_uri())
    ready = "return document.documentElement.dataset.ready === 'yes'"
    WebDriverWait(browser, 60).until(lambda _: browser.execute_script(ready))
    if given.chinese:
        next(
            button for button in browser.find_elements(By.TAG_NAME, "button") if button.text == "中文"
        ).click()
    browser.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys(given.search)
    WebDriverWait(browser, 60).until(lambda _: len(browser.find_elements(By.CSS_SELECTOR, "#list .card")) < 5)
    browser.execute_script(ALONE)
    browser.find_element(By.TAG_NAME, "body").screenshot(str(given.picture))
    browser.quit()


if __name__ == "__main__":
    main()
