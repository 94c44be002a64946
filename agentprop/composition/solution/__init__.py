"""A composition → its solution in words, step by step, every number of which is computed and checked."""
