"""Sentences of questions to their meaning: phrases are data (`phrases/*.toml`), the engine that matches them is here."""
