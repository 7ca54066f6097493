"""Layers: recurrent cells, encoders, embeddings, character encoders, dropout.

May import: torch and tagger.errors.
"""
