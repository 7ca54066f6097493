"""Raw text to words and sentences, and back.

May import: corpora.files.
"""
