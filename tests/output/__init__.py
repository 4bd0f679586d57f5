"""Tests of augment.output."""
