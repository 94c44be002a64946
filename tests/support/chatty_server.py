"""A competent proposer with the habits of a chat model: `python chatty_server.py HABIT` prints its port.

HABIT is a row of habits.toml: a template around what a model without habits would write, or a behaviour. It reflects,
runs code and submits: three requests a problem. `GET /ledger` gives the number of requests so far, and the last one.
Its answers follow from the conversation alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

HABITS = tomllib.loads((Path(__file__).parent / "habits.toml").read_text(encoding="utf-8"))
STATE: dict[str, Any] = {"requests": 0, "last": None, "corrected": 0}

THINK = "<action:think>\nOne step more than {value} is asked for.\n</action:think>"
EXEC = "<action:exec>\nprint({value} + 1)\n</action:exec>"
STATEMENT = "The counter of {name} stands at {value}. What does it show after one more step?"
SUBMIT = (
    '<action:submit>\n<statement>\n{statement}\n</statement>\n<answer type="integer">\n{answer}\n</answer>\n'
    "<certificate>\nanswer = {value} + 1\n</certificate>\n</action:submit>"
)


def facts(messages: list[dict[str, Any]], habit: dict[str, Any]) -> dict[str, Any]:
    """What this conversation is about; a `monotonous` model tells one story with different numbers."""
    digest = hashlib.sha256(messages[1]["content"].encode()).hexdigest()
    value = int(digest[:5], 16)
    name = "".join(chr(ord("a") + int(letter, 16)) for letter in digest[:12])
    avoiding = "proposed too often" in messages[1]["content"]
    if habit.get("monotonous") and not (avoiding and habit["monotonous"] == "until told"):
        name = "the gate"
    return {"value": value, "name": name, "answer": value + 1, "number": int(digest[5:9], 16)}


def turns(messages: list[dict[str, Any]]) -> int:
    return sum(message["role"] == "assistant" for message in messages)


def plain(messages: list[dict[str, Any]], habit: dict[str, Any]) -> str:
    """What a model without habits writes next."""
    found = facts(messages, habit)
    statement = STATEMENT.format(**found)
    answers = [m["content"] for m in messages[2:] if m["role"] != "assistant" and m["content"]]
    done = sum("] malformed: " not in answer for answer in answers)  # what is left of them stands in every answer
    steps = [THINK.format(**found), EXEC.format(**found), SUBMIT.format(statement=statement, **found)]
    return steps[min(done, 2)]


def written(messages: list[dict[str, Any]], habit: dict[str, Any]) -> str:
    """The message as this model writes it."""
    text = plain(messages, habit)
    if habit.get("from") == "exec" and "<action:think>" in text:
        return text
    for pattern, replacement in habit.get("change", []):
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    return str(habit.get("around", "{}")).replace("{}", text)


def choice(body: dict[str, Any], habit: dict[str, Any]) -> dict[str, Any]:
    messages = body["messages"]
    if body.get("tools") and habit.get("calls"):
        return {
            "message": {"role": "assistant", "content": None, "tool_calls": called(messages, habit)},
            "finish_reason": "tool_calls",
        }
    text = habit["says"] if "says" in habit else written(messages, habit)
    cuts = [text.find(stop) for stop in body.get("stop") or () if stop in text]
    return {"message": {"role": "assistant", "content": text[: min(cuts)] if cuts else text}, "finish_reason": "stop"}


def called(messages: list[dict[str, Any]], habit: dict[str, Any]) -> list[dict[str, Any]]:
    """Thought and action in two calls at once."""
    found = facts(messages, habit)
    think = {"name": "think", "arguments": json.dumps({"text": "One step more."})}
    act = {"name": "exec", "arguments": json.dumps({"code": f"print({found['value']} + 1)"})}
    if any(m["role"] == "tool" for m in messages):
        problem = {"statement": STATEMENT.format(**found), "answer": found["answer"], "answer_type": "integer"}
        act = {"name": "submit", "arguments": json.dumps({**problem, "certificate": f"answer = {found['value']} + 1"})}
    return [{"id": f"c{i}", "type": "function", "function": one} for i, one in enumerate((think, act))]


def refused(body: dict[str, Any], habit: dict[str, Any]) -> str | None:
    """The words with which the server refuses a request, if it does."""
    if habit.get("no_stop") and "stop" in body:
        return "Unsupported parameter: 'stop' is not supported with this model."
    return habit.get("refuses")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, habit: dict[str, Any]) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            data = await reader.readexactly(int(length[1]) if length else 0)
            if head.startswith(b"GET"):
                send(writer, 200, STATE)
            else:
                await answer(writer, json.loads(data), habit)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def answer(writer: asyncio.StreamWriter, body: dict[str, Any], habit: dict[str, Any]) -> None:
    STATE["requests"] += 1
    STATE["last"] = body
    await asyncio.sleep(habit.get("delay_s", 0.0))
    words = refused(body, habit)
    if words is not None:
        send(writer, 400, {"error": {"message": words, "type": "invalid_request_error"}})
        return
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    send(writer, 200, {"id": "x", "model": "m", "choices": [{"index": 0, **choice(body, habit)}], "usage": usage})


def send(writer: asyncio.StreamWriter, status: int, document: object) -> None:
    data = json.dumps(document).encode()
    writer.write(
        f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    )
    writer.write(data)


async def main(name: str) -> None:
    server = await asyncio.start_server(lambda r, w: serve(r, w, HABITS[name]), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
