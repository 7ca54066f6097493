"""Tagging: from tokens, text or documents to tags.

May import: tagger.interpretability and what is above it.
"""
