"""Composing skills without a language model: planner, built-in proposer, writer and reader of statements."""
