"""Words and labels to arrays of numbers, and arrays to batches.

May import: corpora.hub and what is above it.
"""
