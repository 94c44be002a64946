"""Items → what a panel of models makes of them, with many under way at once in this process, in order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import repeat
from typing import Any, TypeVar

from agentprop.engine.rolling import ordered_rolling
from agentprop.stages.common.feed import ThreadedSource
from agentprop.stages.common.panel import Panel

BATCH = 8
"""Items committed together."""
WINDOW = 64
"""Fewest batches under way; a slow item holds up the commits after it, not the use of the servers."""
Item = TypeVar("Item")
Made = TypeVar("Made")


def in_order(
    panel: Panel,
    items: Iterator[Item],
    work: Callable[[Item], Awaitable[Made]],
    stop: Callable[[], bool],
    idle: Callable[[], None],
) -> Iterator[list[Made]]:
    """Yield what `work` makes of the items, in their order. Raises ModelOutage if a model never answered."""
    source, concurrency = ThreadedSource(items), panel.models.concurrency

    async def next_one() -> Made | None:
        item = await source.take()
        return None if item is None else await work(item)

    try:
        for found in ordered_rolling(
            lambda size: [next_one] * size,
            repeat(BATCH),
            concurrency=concurrency,
            window=max(WINDOW, 2 * concurrency // BATCH),
            stop=stop,
            idle=idle,
            close=panel.models.aclose,
        ):
            yield [made for made in found if made is not None]
            if found[-1] is None:
                panel.models.check_answered()
                return
    finally:
        source.close()


def spending(panel: Panel, counts: Mapping[str, int], valid: int, problems: int) -> dict[str, Any]:
    """What was asked and what it cost."""
    totals = {name: counts[name] for name in ("attempts", "failed attempts", "reused", "audited")}
    return {**totals, "spending": panel.models.spending(valid, problems)}
