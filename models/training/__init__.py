"""Weights in training: running averages, the flow of gradients.

May import: models.networks and what is above it.
"""
