"""A NeMo Gym resources server: a response and its row's answer → a reward. `agentprop serve --as nemo-gym`

`rows` writes the JSONL that rollouts are made from. Source: nemo-gym 0.4, resources_servers/reasoning_gym.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from nemo_gym.base_resources_server import (
    BaseResourcesServerConfig,
    BaseVerifyRequest,
    BaseVerifyResponse,
    SimpleResourcesServer,
)
from nemo_gym.server_utils import ServerClient

from agentprop.api.dataset import Dataset, prompt_of
from agentprop.api.scoring import score


class VerifyRequest(BaseVerifyRequest):
    """A response with the columns of its row."""

    answer: str
    """The answer, or a program's hidden tests."""
    answer_type: str | None = None
    """Kind of the answer."""


class VerifyResponse(BaseVerifyResponse):
    """The reward, and whether it stands for something that could not be decided."""

    undetermined: bool = False
    """The reply could be shown neither right nor wrong."""


class AgentpropServer(SimpleResourcesServer):
    """Scores responses by `agentprop.score`."""

    config: BaseResourcesServerConfig

    async def verify(self, body: VerifyRequest) -> VerifyResponse:
        """1.0 right, else 0.0."""
        reply = body.response.output_text
        found = await asyncio.to_thread(score, body.answer, reply, answer_type=body.answer_type)
        return VerifyResponse(**body.model_dump(), reward=found or 0.0, undetermined=found is None)


def rows(data: Dataset, start: int = 0) -> Iterator[dict[str, Any]]:
    """Rows of a data set, for the JSONL of NeMo Gym."""
    for item in data.items(start):
        told = item["metadata"]
        asked = [{"role": "user", "content": prompt_of(item)}]
        yield {
            "responses_create_params": {"input": asked},
            "answer": item["answer"],
            "answer_type": told["answer_type"],
            "id": told["id"],
        }


def app_of(host: str, port: int) -> Any:
    """Make the FastAPI application of a server that calls no other one."""
    config = BaseResourcesServerConfig(host=host, port=port, entrypoint="app.py", name="agentprop")
    return AgentpropServer(config=config, server_client=ServerClient.model_construct()).setup_webserver()
