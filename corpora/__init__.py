"""Text in: readers, checks, vocabulary, features, batches. Knows nothing of models."""
