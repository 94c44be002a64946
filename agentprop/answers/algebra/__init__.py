"""Exact algebra over the trees of answers: rationals, radicals, sets of reals, residues, and proofs by sympy."""
