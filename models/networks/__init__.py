"""Whole networks: words, encoder and heads together.

May import: models.layers, models.heads.
"""
