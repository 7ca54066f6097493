"""How far the tagger reads ahead; known to those who tag and to those who note how far tagging came."""

WINDOW_TOKENS = 16_000
"""Tokens looked ahead, so that sentences of like length find each other; output order is kept."""
WINDOW_SENTENCES = 4000
