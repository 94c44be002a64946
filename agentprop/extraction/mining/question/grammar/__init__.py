"""Sentences of questions to their meaning: phrases are data (`phrases/*.toml`), their engine is here."""
