"""A number beside every word: training and predicting.

May import: tagger.forecasting and what is above it.
"""
