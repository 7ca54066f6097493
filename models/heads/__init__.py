"""Heads on an encoder: softmax and regression.

May import: models.layers.
"""
