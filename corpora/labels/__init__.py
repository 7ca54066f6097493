"""Label columns, span schemes, and repairs of both.

May import: corpora.formats and what is above it.
"""
