"""Gates and states of a network at each word, as arrays and as pictures.

May import: tagger.model_cards and what is above it.
"""
