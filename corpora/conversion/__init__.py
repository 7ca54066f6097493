"""One corpus format to another, without losing a byte.

May import: corpora.documents and what is above it.
"""
