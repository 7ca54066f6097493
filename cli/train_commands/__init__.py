"""``tagger train pos|lm|series`` and the options that they share.

May import: cli.output, the library.
"""
