"""Time series: tables of numbers, timestamps, and numbers beside words.

May import: corpora.validation and what is above it.
"""
