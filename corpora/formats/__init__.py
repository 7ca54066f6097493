"""One reader for each file format, and the sniffer that recognises a format.

May import: corpora.files, corpora.tokenization.
"""
