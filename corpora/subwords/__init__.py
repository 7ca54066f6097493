"""The tokens of a language model: words, byte pairs or characters, and streams of their ids.

May import: corpora.text and what is above it.
"""
