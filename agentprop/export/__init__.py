"""Problems and trajectories as other tools read them: rows, formats, a card, a reward; nothing is written here."""
