"""axe-core, which finds what keeps people with a keyboard or a screen reader out of a page, where it is on this machine.

It is the file that AXE_CORE names, else that of the package `axe_core_python`.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

_RUN = """
const done = arguments[0];
axe.run().then((found) => done(found.violations.map((one) => one.id + ' ' + one.nodes.map((node) => node.html).join(' '))));
"""


def violations(browser: Chrome) -> list[str]:
    """Return what axe-core finds on the page as it is, each with the elements; skips the test where there is no axe-core."""
    if not browser.execute_script("return 'axe' in globalThis"):
        browser.execute_script(_source().read_text("utf-8"))
    broken: list[str] = browser.execute_async_script(_RUN)
    return broken


def _source() -> Path:
    """Return the path of axe.min.js."""
    package = find_spec("axe_core_python")
    folders = package.submodule_search_locations if package is not None else None
    path = os.environ.get("AXE_CORE") or (Path(folders[0]) / "axe.min.js" if folders else None)
    if path is None:
        pytest.skip("needs axe-core: AXE_CORE=/path/of/axe.min.js, or the package axe-core-python")
    return Path(path)
