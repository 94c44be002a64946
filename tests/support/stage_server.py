"""The misbehaving server in the roles of the stages: `python stage_server.py SEED SHARE` proposes and judges.

What it says follows from the conversation alone, so a run that is killed hears the same again; its faults still follow
from how often it was asked. It reflects, and then submits, sometimes after a mistake; as a judge it agrees with the
claim that it is shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re

import fault_server

CLAIM = re.compile(r"<(?:answer[^>\n]*|claimed)>\n(.*?)\n</(?:answer|claimed)>", re.DOTALL)
CERTIFICATE = "\n<certificate>\nanswer = {0} + 1\n</certificate>"
PROBLEM = (
    "<action:submit>\n<statement>\nThe counter of {1} stands at {0}. What does it show after one more step?\n"
    '</statement>\n<answer type="integer">\n{2}\n</answer>{3}\n</action:submit>'
)
THOUGHT = "<action:think>\nOne step more than {0} is asked for.\n</action:think>"


def identified(body: bytes) -> int:
    """A number for each conversation, the same in every session, small enough to be a number of tokens."""
    return int.from_bytes(hashlib.sha256(json.dumps(json.loads(body)["messages"]).encode()).digest()[:3], "big")


def next_message(number: int, body: bytes) -> dict[str, object]:
    """The next message of the model that is asked."""
    messages = json.loads(body)["messages"]
    if "<action:" in messages[0]["content"]:
        return {"content": proposed(messages)}
    return {"content": judged("\n".join(message["content"] for message in messages if message["role"] == "user"))}


def proposed(messages: list[dict[str, str]]) -> str:
    """A problem after a thought; every third proposer forgets the certificate at first, or every tag."""
    turn = sum(message["role"] == "assistant" for message in messages)
    digest = hashlib.sha256(messages[1]["content"].encode()).hexdigest()
    value, name = int(digest[:5], 16), "".join(chr(ord("a") + int(letter, 16)) for letter in digest[:12])
    if turn == 0:
        return THOUGHT.format(value)
    if turn == 1 and value % 3 == 0:
        return "It is done." if value % 2 else PROBLEM.format(value, name, value + 1, "")
    return PROBLEM.format(value, name, value + 1, CERTIFICATE.format(value))


def judged(material: str) -> str:
    """An opinion that agrees, as soon as there is a claim to agree with."""
    if not CLAIM.search(material):
        return "I counted."
    claim = CLAIM.findall(material)[-1] if "<trace>" in material else CLAIM.findall(material)[0]
    return (
        "I counted again.\n<verdict>valid</verdict>\n<flags>none</flags>\n"
        f"<answer>\n{claim}\n</answer>\n<rationale>it follows</rationale>"
    )


if __name__ == "__main__":
    fault_server.numbered = identified
    fault_server.said = next_message
    fault_server.RANDOM = tuple(name for name in fault_server.RANDOM if name != fault_server.JUMBLED)  # no tools here
    asyncio.run(fault_server.main())
