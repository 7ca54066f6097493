"""Where a corpus comes from: files, splits, and the Arrow cache of what was read.

May import: corpora.labels and what is above it.
"""
