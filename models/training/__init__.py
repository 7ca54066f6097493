"""What training does to weights: running averages, the flow of gradients.

May import: models.networks and what is above it.
"""
