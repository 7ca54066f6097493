"""What the gates of a network do at each word, as arrays and as pictures.

May import: tagger.model_cards and what is above it.
"""
