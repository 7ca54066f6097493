"""Model cards, learning curves, and how a model was made.

May import: tagger.evaluation and what is above it.
"""
