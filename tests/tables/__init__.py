"""Tests of augment.tables."""
