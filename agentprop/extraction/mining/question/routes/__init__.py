"""A tree's Python on one route: the exact one, or the other one. Each module writes the nodes of one subject."""
