"""Tests of augment.attribution."""
