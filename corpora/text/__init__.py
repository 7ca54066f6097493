"""Plain text for language models: files, tables, hub data sets, splits.

May import: corpora.encoding and what is above it.
"""
