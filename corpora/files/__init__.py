"""Paths, compressed streams and decoded lines.

May import: tagger.errors.
"""
