"""Classifiers: the only place that knows transformers."""
