"""Tests of augment.config."""
