"""Tests of augment.hardening."""
