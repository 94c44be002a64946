"""A language model in this process: continuous batching over a static cache, with exact token ids and log-probs."""
