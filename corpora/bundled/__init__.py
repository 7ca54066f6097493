"""Corpora that ship with the toolkit: data files, read through ``tagger.corpora.read_corpus``."""
