"""Fixtures of most training tests: one thread, and a renderer of the tiny model's tokenizer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from tiny_model import tiny_model

from agentprop.inference.chat_template import Renderer, load_tokenizer


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tests run beside each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    return Renderer(load_tokenizer(str(tiny_model(tmp_path_factory.mktemp("model")))))
