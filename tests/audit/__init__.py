"""Tests of augment.audit."""
