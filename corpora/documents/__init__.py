"""Documents to be tagged: read piece by piece, written back with their tags.

May import: corpora.subwords and what is above it.
"""
