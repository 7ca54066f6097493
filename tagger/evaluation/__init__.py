"""Scores: tags, spans, perplexity, forecasts, calibration.

May import: tagger.training and what is above it.
"""
