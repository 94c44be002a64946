"""The trained model: loading, log-probabilities, optimiser, sharding, checkpoints and saving."""
