"""Model cards, learning curves, provenance.

May import: tagger.evaluation and what is above it.
"""
