"""The evaluate stage: a model on a benchmark."""
