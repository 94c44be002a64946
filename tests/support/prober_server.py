"""An OpenAI-compatible server whose models are right as often as the problem's number says, as a process of its own.

    python prober_server.py [--ignore-n] [--delay SECONDS] [--broken FILE]       # prints its port

Of sixteen attempts at problem i, `plain` has i % 17 right, evenly spread; `weak` has none, `strong` all of them, and
every second reply of `cut` is cut off. If replies are asked for one by one, they count as they come. While FILE
exists, problem 3 is answered with an error. `GET /ledger` says how many requests came and replies were written.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
PROBLEM = re.compile(r"Problem (\d+)")


def spread(attempt: int, right: int) -> bool:
    """True if an attempt is right, when `right` of sixteen are."""
    return (attempt + 1) * right // 16 > attempt * right // 16


class Server:
    """Its counts, and its answers."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.ledger = {"requests": 0, "replies": 0, "largest_n": 0}
        self.seen: Counter[tuple[str, int]] = Counter()
        self.problems: Counter[int] = Counter()

    async def answer(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Status line and document."""
        number, model = int(PROBLEM.findall(body["messages"][-1]["content"])[-1]), body["model"]
        n = 1 if self.options.ignore_n else body.get("n", 1)
        self.ledger["requests"] += 1
        await asyncio.sleep(self.options.delay)
        if number == 3 and self.options.broken is not None and self.options.broken.exists():
            return "400 Bad Request", {"error": {"message": "not this one"}}
        first = self.seen[model, number]
        self.seen[model, number] += n
        self.problems[number] += n
        self.ledger["replies"] += n
        self.ledger["largest_n"] = max(self.ledger["largest_n"], n)
        choices = [self.choice(model, number, attempt, index) for index, attempt in enumerate(range(first, first + n))]
        usage = {"prompt_tokens": 10, "completion_tokens": 5 * n, "total_tokens": 10 + 5 * n}
        return "200 OK", {"model": model, "choices": choices, "usage": usage}

    def choice(self, model: str, number: int, attempt: int, index: int) -> dict[str, Any]:
        """One reply."""
        right = {"weak": False, "strong": True}.get(model, spread(attempt % 16, number % 17))
        content = f"\\boxed{{{number if right else number + 1}}}"
        cut = model == "cut" and attempt % 2 == 1
        message = {"role": "assistant", "content": content}
        return {"index": index, "finish_reason": "length" if cut else "stop", "message": message}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = LENGTH.search(head)
                body = await reader.readexactly(int(found[1]) if found else 0)
                if head.startswith(b"GET"):
                    status, document = "200 OK", {**self.ledger, "problems": self.problems}
                else:
                    status, document = await self.answer(json.loads(body))
                data = json.dumps(document).encode()
                lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(data)}", "", ""]
                writer.write("\r\n".join(lines).encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ignore-n", action="store_true")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--broken", type=Path)
    server = Server(parser.parse_args())
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
