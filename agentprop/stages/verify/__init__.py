"""The verify stage: problems → verdicts."""
