"""Token regression, a number for every word: training and predicting.

May import: tagger.forecasting and what is above it.
"""
