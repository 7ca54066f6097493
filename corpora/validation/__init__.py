"""Validation of a corpus: broken files, odd labels, annotation errors.

May import: corpora.conversion and what is above it.
"""
