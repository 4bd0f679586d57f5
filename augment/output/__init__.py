"""The folder that a run leaves: data, card, manifest, report."""
