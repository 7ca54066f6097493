"""Data sets of the Hugging Face hub, and the catalogue of known ones.

May import: corpora.sources and what is above it.
"""
