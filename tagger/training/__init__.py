"""The training loop and its parts, whatever is learnt.

May import: tagger.serialization and what is above it.
"""
