"""Scores per piece: path integrals with their calibration."""
