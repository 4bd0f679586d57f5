"""Tests of augment.cli."""
