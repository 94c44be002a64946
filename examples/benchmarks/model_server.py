"""A proposer behind an OpenAI-compatible server, as a process of its own: its replies follow a script, turn by turn.

    python model_server.py PORT [--script think,claim] [--median SECONDS] [--sigma S] [--seed N]

`think` and `exec` are those actions, `submit` is a problem with its certificate, `claim` one without, which the
contract refuses before any code is run, `answer` a solver's reply; the last one is repeated. A counter, written in
letters, makes every statement another one. A reply takes a log-normal time, none at all without `--median`. `GET
/v1/ledger` says what came and how much was under way, since the start or the last `GET /v1/forget`: {"requests",
"first_s", "last_s" (first request and last reply, seconds since the epoch), "busy_s" (request-seconds under way),
"peak"}.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import re
import time
from itertools import count

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
SPOKEN = re.compile(rb'"role": ?"assistant"')
STATEMENT = "In the village of {name} three bakers bake $14$, $23$ and $31$ loaves. How many loaves is that in all?"
CERTIFICATE = "\n<certificate>\nanswer = 14 + 23 + 31\n</certificate>"
CLAIM = f'<action:submit>\n<statement>\n{STATEMENT}\n</statement>\n<answer type="integer">\n68\n</answer>'
ACTIONS = {
    "think": "<action:think>\nThree bakers of {name} and their loaves; the sum is asked for.\n</action:think>",
    "exec": "<action:exec>\nprint('{name}', 14 + 23 + 31)\n</action:exec>",
    "claim": f"{CLAIM}\n</action:submit>",
    "answer": "The answer is \\boxed{68}, as {name} says.",
    "submit": f"{CLAIM}{CERTIFICATE}\n</action:submit>",
}
LETTERS = 7


def name_of(number: int) -> str:
    """A word for a number, all of one length: 0 → aaaaaaa, 1 → baaaaaa."""
    letters = []
    for _ in range(LETTERS):
        number, letter = divmod(number, 26)
        letters.append(chr(ord("a") + letter))
    return "".join(letters)


def response_of(action: str) -> bytes:
    """The response with an action, its name still a placeholder of the right length."""
    message = {"role": "assistant", "content": ACTIONS[action].replace("{name}", "?" * LETTERS)}
    usage = {"prompt_tokens": 400, "completion_tokens": 60, "total_tokens": 460}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return response(
        {"id": "x", "object": "chat.completion", "created": 1, "model": "proposer", "choices": [choice], "usage": usage}
    )


def response(body: object) -> bytes:
    """A whole HTTP response."""
    data = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data


class Ledger:
    """Count of requests, in all and under way."""

    def __init__(self) -> None:
        self.requests, self.under_way, self.peak, self.busy_s = 0, 0, 0, 0.0
        self.first_s = self.last_s = time.time()

    def begin(self) -> None:
        """A request came."""
        self._advance(begun=not self.requests)
        self.requests += 1
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)

    def end(self) -> None:
        """It was answered, or its sender left."""
        self._advance()
        self.under_way -= 1

    def _advance(self, *, begun: bool = False) -> None:
        now = time.time()
        if begun:
            self.first_s = now
        self.busy_s += self.under_way * (now - self.last_s)
        self.last_s = now

    def report(self) -> dict[str, float]:
        """As JSON is to say it."""
        return {
            "requests": self.requests,
            "first_s": self.first_s,
            "last_s": self.last_s,
            "busy_s": self.busy_s,
            "peak": self.peak,
        }


class Proposer(asyncio.Protocol):
    """One connection; its requests are answered one after the other."""

    ledger = Ledger()
    numbers = count()
    responses: tuple[bytes, ...] = ()
    latency_s = staticmethod(lambda: 0.0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing read."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.data = transport, b""
        self.waiting: asyncio.TimerHandle | None = None

    def connection_lost(self, error: Exception | None) -> None:
        """Stop counting a request whose client left."""
        if self.waiting is not None:
            self.waiting.cancel()
            self.ledger.end()

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.data, 0, end)
            total = end + 4 + (int(found[1]) if found else 0)
            if len(self.data) < total:
                return
            request, self.data = self.data[:total], self.data[total:]
            if request.startswith(b"GET"):
                if b"/forget " in request:
                    Proposer.ledger = Ledger()
                self.transport.write(response(self.ledger.report()))
            else:
                self._accept(request)

    def _accept(self, request: bytes) -> None:
        self.ledger.begin()
        turn = min(len(SPOKEN.findall(request)), len(self.responses) - 1)
        reply = self.responses[turn].replace(b"?" * LETTERS, name_of(next(self.numbers)).encode())
        delay_s = self.latency_s()
        if delay_s:
            self.waiting = asyncio.get_running_loop().call_later(delay_s, self._answer, reply)
        else:
            self._answer(reply)

    def _answer(self, reply: bytes) -> None:
        self.waiting = None
        self.ledger.end()
        self.transport.write(reply)


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--script", default="think,claim")
    parser.add_argument("--median", type=float, default=0.0)
    parser.add_argument("--sigma", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    Proposer.responses = tuple(response_of(action) for action in options.script.split(","))
    if options.median:
        drawn = random.Random(options.seed)
        Proposer.latency_s = staticmethod(lambda: drawn.lognormvariate(math.log(options.median), options.sigma))
    server = await asyncio.get_running_loop().create_server(Proposer, "127.0.0.1", options.port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
