"""Fixtures that the tests of stages share with others."""

from teacher_fixtures import corpus, done, server
from training_fixtures import renderer

__all__ = ["corpus", "done", "renderer", "server"]
