"""Problems and trajectories in the formats of other tools: rows, formats, a card, a reward. Writes no files."""
