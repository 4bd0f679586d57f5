"""From a token to what may stand in its place."""
