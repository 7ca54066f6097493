"""What commands print: tables, progress, scores.

May import: the library.
"""
