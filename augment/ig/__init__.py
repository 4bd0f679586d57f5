"""Integrated gradients: torch only, no text and no transformers.

Letters in shapes: B batch, T pieces, D embedding width, C classes, S steps.
"""
