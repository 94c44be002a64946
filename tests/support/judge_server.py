"""An OpenAI-compatible server of judges, as a process of its own: `python judge_server.py [DELAY_S]` prints its port.

The model's name says how it judges; each takes the claimed answer from the material it is shown. `GET /ledger` says how
often each model was asked.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from typing import Any

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CLAIM = re.compile(r"<(?:answer[^>\n]*|claimed)>\n(.*?)\n</(?:answer|claimed)>", re.DOTALL)
TWO_DIGITS = re.compile(r"the double of \d\d")
ANSWER_TO_CHECK = re.compile(r"<right>\n(.*?)\n</right>\s*<check>\n(.*?)\n</check>", re.DOTALL)

DELAY_S = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0

asked: Counter[str] = Counter()


def opinion(verdict: str, answer: str, flags: str = "none", rationale: str = "it follows") -> str:
    return (
        f"I solved it.\n<verdict>{verdict}</verdict>\n<flags>{flags}</flags>\n"
        f"<answer>\n{answer}\n</answer>\n<rationale>{rationale}</rationale>"
    )


def judged(model: str, messages: list[dict[str, str]]) -> dict[str, Any]:
    """The assistant's message and finish reason."""
    material = "\n".join(message["content"] for message in messages if message["role"] == "user")
    claims = CLAIM.findall(material)
    claim = "" if not claims else claims[-1] if "<trace>" in material else claims[0]
    match model.split("/")[0]:
        case "agrees" | "narrow":
            return {"content": opinion("valid", claim)}
        case "verbose":
            return {"content": opinion("valid", f"The answer is \\boxed{{{claim}}}.")}
        case "dissents":
            return {"content": opinion("valid", "-987654321", rationale="I count otherwise")}
        case "refuses":
            return {"content": opinion("invalid", "", rationale="it is beside the point")}
        case "flags":
            return {"content": opinion("valid", claim, "ambiguous", "two readings")}
        case "rambles":
            return {"content": "Well, it looks valid to me."}
        case "learns":
            reply = opinion("valid", claim) if len(messages) > 2 else "valid"
            return {"content": reply}
        case "thinks":
            return {"content": None, "reasoning_content": "hm " * 50, "finish": "length"}
        case "compares":
            right, check = ANSWER_TO_CHECK.findall(material)[-1]
            return {"content": f"<same>{'yes' if right == check else 'no'}</same>"}
    raise ValueError(model)


def http(status: str, body: object) -> bytes:
    data = json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def completion(model: str, message: dict[str, Any]) -> dict[str, Any]:
    finish = message.pop("finish", "stop")
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return {"id": "x", "object": "chat.completion", "model": model, "choices": [choice], "usage": usage}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = LENGTH.search(head)
            body = await reader.readexactly(int(found[1]) if found else 0)
            if head.startswith(b"GET"):
                writer.write(http("200 OK", asked))
            else:
                await asyncio.sleep(DELAY_S)
                writer.write(answer(json.loads(body)))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def answer(body: dict[str, Any]) -> bytes:
    model = body["model"]
    asked[model] += 1
    if model == "too-short" or (model == "narrow" and TWO_DIGITS.search(json.dumps(body["messages"]))):
        return http("400 Bad Request", {"error": {"message": "maximum context length is 10 tokens"}})
    return http("200 OK", completion(model, judged(model, body["messages"])))


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
