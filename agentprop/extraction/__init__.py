"""Corpora → skills: reading documents (`corpus`), mining them without a model (`mining`), or with one (`teaching`)."""
