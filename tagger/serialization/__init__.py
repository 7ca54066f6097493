"""Model folders: written whole or not at all, checked when read.

May import: tagger.config and what is above it, corpora, models.
"""
