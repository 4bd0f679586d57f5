"""Tests of augment.verification."""
