"""A sampler with prices is paid from the budget that verifiers and probers share, and is refused once it is spent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agentprop.errors import BoundReached
from agentprop.inference.chat_template import Renderer
from agentprop.models.accounts import OwnAccounts
from agentprop.models.cache import ReplyCache
from agentprop.models.chat import Message, Request, Sampling
from agentprop.models.costs import PICO, Meter
from agentprop.models.endpoint import Endpoint
from agentprop.models.settings import ModelSettings, ServedSettings
from agentprop.training.rl.vllm_chat import PolicyAccount, VllmModel

PRICED = ModelSettings(model="policy", price_in=1e6, price_out=2e6)
"""1 per prompt token and 2 per sampled one."""


class Completions(BaseHTTPRequestHandler):
    """Samples three tokens for every prompt, which it counts as ten."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        logprobs = {"token_logprobs": [-1.0, -1.0, -1.0]}
        choice = {"index": 0, "text": "", "finish_reason": "length", "token_ids": [65, 66, 67], "logprobs": logprobs}
        text = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 3}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Completions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def test_each_reply_is_charged_and_stored_and_the_budget_holds(url: str, renderer: Renderer, tmp_path: Path) -> None:
    verifiers = {("verifier-1", "v"): {"requests": 1, "prompt_tokens": 5, "cost_pico": 20 * PICO}}
    meter = Meter(accounts=OwnAccounts(verifiers), max_cost=50.0)
    journal = ReplyCache(tmp_path / "replies.sqlite")
    model = VllmModel(renderer, [], 4096, tmp_path / "log", PolicyAccount(PRICED, meter, journal))
    model.servers = [Endpoint(ServedSettings(model="policy", base_url=url, key="k"), api_key="k")]

    async def asked() -> int:
        replies = 0
        try:
            for sample in range(9):
                await model.reply(Request((Message("user", "?"),), Sampling(max_tokens=3), sample=sample))
                replies += 1
        except BoundReached as reached:
            assert "--max-cost 50 is reached: 52 spent" in reached.message
        await model.aclose()
        return replies

    assert asyncio.run(asked()) == 2  # 20 were spent already, and each reply costs 10 + 2 · 3
    assert meter.total().cost == 52.0
    journal.close()
    kept = ReplyCache(tmp_path / "replies.sqlite")
    [(account, counts)] = kept.totals().items()
    assert account == ("policy", PRICED.identity) and counts["cost_pico"] == 32 * PICO and counts["requests"] == 2
    kept.close()
