"""Formulas in LaTeX to trees: tokens with their places, and a parser that reads all of a formula or refuses."""
