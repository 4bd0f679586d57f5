"""Texts rewritten by a language model: prompts, calls and their book, and the checks of what comes back."""
