"""Problems and trajectories as other tools read them: rows, the formats made of them, a card, a reward. Nothing is read
or written here."""
