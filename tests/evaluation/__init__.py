"""Tests of augment.evaluation."""
