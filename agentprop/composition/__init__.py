"""What works with no language model: the equation miner, the built-in proposer, the independent checker."""
