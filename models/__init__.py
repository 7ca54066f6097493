"""Numbers: word representations, encoders, heads. Takes numbers and modules, never text or configuration."""
