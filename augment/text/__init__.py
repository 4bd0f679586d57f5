"""Texts as strings: script, tokens, the pieces they own, which may be edited, and how an edit is made."""
