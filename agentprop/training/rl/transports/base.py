"""Interface of a transport, which brings the trainer's weights to vLLM servers, and the steps that all of them share.

To add one, write one file with a class of this shape and name it in `transport_of`. Every process of a distributed run
calls every method; the first one talks to the servers. After `send` a server that does not hold the weights of the step
that was asked for is an error, so a reply is never put down to weights that did not sample it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agentprop.errors import AgentpropError
from agentprop.models.failures import ModelFailure
from agentprop.training.model.distributed import World
from agentprop.training.model.policy import PolicyModel
from agentprop.training.rl.vllm_chat import VllmModel


class WrongWeights(AgentpropError):
    """A server does not hold the weights that it was sent."""


@dataclass(frozen=True)
class Servers:
    """The servers of a sampler, as a transport sees them."""

    model: VllmModel
    """Chat model that answers by them, with connections to all of them once they are up."""
    world: World
    """Processes of the trainer."""
    folder: Path
    """Directory of the files that the servers load at their start, where transports may write."""
    ahead: bool = False
    """Requests may be under way while weights are sent."""


class Transport(ABC):
    """Way of weights from the trainer to its servers."""

    args: Mapping[str, str] = {}
    """Options that servers are started with, and their values; empty for a flag."""
    env: Mapping[str, str] = {}
    """Environment variables that servers are started with."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    @abstractmethod
    def prepare(self, policy: PolicyModel) -> None:
        """Write the files that servers load at their start."""

    async def begin(self, policy: PolicyModel, step: int) -> None:
        """Bring servers that have just started to the weights of a step, which by default are in their files."""
        if self._servers.world.first:
            await label(self._servers, step)

    async def rest(self) -> None:
        """Let the servers rest until weights are sent: nothing is asked of them meanwhile. By default they do not."""
        return

    @abstractmethod
    async def send(self, policy: PolicyModel, step: int) -> None:
        """Bring the servers to the weights of a step."""

    async def aclose(self) -> None:
        """Release what is held beside the servers' files, which the sampler deletes."""
        return


@asynccontextmanager
async def paused(servers: Servers, step: int) -> AsyncIterator[None]:
    """Pause the servers while their weights change to those of `step`, empty their caches and resume.

    What is under way is kept if the trainer samples ahead: it is computed again by the new weights as far as it got,
    and goes on. Else it belongs to nobody any more and is aborted.
    """
    model, ahead = servers.model, servers.ahead
    await model.post(f"/pause?mode={'keep' if ahead else 'abort'}", {})
    yield
    emptied = await model.post(f"/reset_prefix_cache{'?reset_running_requests=true' if ahead else ''}", {})
    if not all(one.get("success", True) for one in emptied):
        raise WrongWeights("a server kept its cache of prompts, which earlier weights have filled", hint=UPGRADE)
    await label(servers, step)
    await model.post("/resume", {})


async def label(servers: Servers, step: int) -> None:
    """Tell the servers the version of their weights, and read it back. Raises WrongWeights."""
    try:
        await servers.model.post("/update_weight_version", {"new_version": str(step)})
        found = [one.get("weight_version") for one in await servers.model.get("/weight_info")]
    except ModelFailure as failure:
        raise WrongWeights(f"a server cannot say which weights it has: {failure}", hint=UPGRADE) from failure
    if set(found) != {str(step)}:
        raise WrongWeights(f"the servers should have the weights of step {step}, and say: {found}", hint=UPGRADE)


async def check_adapter(servers: Servers, name: str, path: Path) -> None:
    """Check that every server shows an adapter, and where it is from. Raises WrongWeights."""
    for found in await servers.model.get("/v1/models"):
        shown = {one["id"]: one.get("root") for one in found["data"]}
        if shown.get(name) != str(path):
            raise WrongWeights(f"a server should have the adapter {name} of {path}, and shows: {shown}", hint=UPGRADE)


UPGRADE = "use vLLM 0.32, which this was tested with, or sampler=in-process"
