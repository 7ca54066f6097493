"""Training taggers, alone or beside a language model.

May import: tagger.language_modelling and what is above it.
"""
