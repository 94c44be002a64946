"""One thread, and a renderer of the tiny model's tokenizer."""

from training_fixtures import one_thread, renderer

__all__ = ["one_thread", "renderer"]
