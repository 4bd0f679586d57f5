"""From a token to its candidates: words that may replace it."""
