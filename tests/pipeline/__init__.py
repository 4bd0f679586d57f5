"""Tests of augment.pipeline."""
