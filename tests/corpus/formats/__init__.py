"""Tests of augment.formats."""
