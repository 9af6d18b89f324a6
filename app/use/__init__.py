"""Pages that use a model on sequences of one's own."""
