"""An OpenAI-compatible server that takes every role in a toy way: `python every_role_server.py` prints its port.

As a proposer or teacher it is the toy teacher, as a verifier or auditor it agrees with the claim, as a prober it is
right every second time, and whatever else it is asked it answers with `ready`.
"""

from __future__ import annotations

import json
import re
from itertools import count

import toy_teacher
from json_handler import JsonHandler, serve
from judge_server import ANSWER_TO_CHECK, CLAIM, opinion

SUM = re.compile(r"the value of \$(\d+) \+ \d+\^2\$")
ATTEMPTS = count()


def answer(messages: list[dict[str, str]]) -> str:
    """The next message of whoever is asked."""
    told, asked = messages[0]["content"], messages[-1]["content"]
    if told.startswith("You extract"):
        marked = re.sub(r'(<passage number="\d+">\n)', r"\1ORDER ", asked)
        return toy_teacher.answer({"messages": [messages[0], {"role": "user", "content": marked}]})
    if told.startswith(("You propose", "You rate")):
        return toy_teacher.answer({"messages": messages})
    if ANSWER_TO_CHECK.search(asked):
        return "<same>yes</same>"
    if CLAIM.search(asked):
        return opinion("valid", CLAIM.findall(asked)[-1 if "<trace>" in asked else 0])
    if "\\boxed" in told:
        k = int((SUM.search(asked) or ["", "0"])[1])
        return f"\\boxed{{{k + k**2 + next(ATTEMPTS) % 2}}}"
    return "ready"


class Handler(JsonHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200, {"data": [{"id": "toy", "max_model_len": 32768}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        choices = [
            {"index": index, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            for index, text in enumerate(answer(body["messages"]) for _ in range(body.get("n", 1)))
        ]
        usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        self.answer(200, {"object": "chat.completion", "model": body["model"], "choices": choices, "usage": usage})


if __name__ == "__main__":
    serve(Handler)
