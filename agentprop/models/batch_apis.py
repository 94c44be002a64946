"""The batch APIs by the names that `batch` of a model's settings gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from agentprop.models.anthropic_batches import AnthropicBatches
from agentprop.models.batches import LEDGER, BatchApi, BatchLedger, BatchTransport
from agentprop.models.openai_batches import OpenAiBatches
from agentprop.models.settings import ModelSettings

APIS: Mapping[str, Callable[[ModelSettings, str | None], BatchApi]] = {
    "openai": OpenAiBatches,
    "anthropic": AnthropicBatches,
}


def batching(settings: ModelSettings, key: str | None, folder: Path | None) -> BatchTransport:
    """Open the batch API of a model, with the ledger of a run's folder.

    Raises ConfigError if the package that it needs is not installed.
    """
    assert settings.batch is not None
    ledger = BatchLedger(None if folder is None else folder / LEDGER, settings.identity)
    return BatchTransport(settings, APIS[settings.batch](settings, key), ledger)
