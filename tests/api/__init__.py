"""Tests of augment.api."""
