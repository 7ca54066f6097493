"""Training, scoring and using language models.

May import: tagger.generation and what is above it.
"""
