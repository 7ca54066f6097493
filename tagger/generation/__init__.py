"""Writing text with a language model: sampling and beam search.

May import: tagger.inference and what is above it.
"""
