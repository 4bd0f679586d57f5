"""Hook of mkdocs: turn links to files outside docs/, which the site does not hold, into the path of the file."""

import re

_OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./([^)#\s]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return a page in which `[text](../path)` is `text (path)` in code type."""
    return _OUTSIDE.sub(lambda link: f"{link[1]} (`{link[2]}`)", markdown)
