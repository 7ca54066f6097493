"""Training forecasters of time series, and forecasting with them.

May import: tagger.sequence_labelling and what is above it.
"""
