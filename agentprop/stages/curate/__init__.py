"""The curate stage: problems that others wrote → those to keep, and the reasons against the rest."""
