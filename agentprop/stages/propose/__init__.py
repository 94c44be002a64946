"""The propose stage: skills → problems."""
