"""An OpenAI-compatible server with the toy teacher behind it: prints its port, and logs every request in LOG."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from threading import Lock

import toy_teacher
from json_handler import JsonHandler, serve


class Handler(JsonHandler):
    protocol_version = "HTTP/1.1"
    log, lock = Path(), Lock()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.lock, self.log.open("a") as log:
            log.write(json.dumps([message["content"] for message in body["messages"]]) + "\n")
        text = toy_teacher.answer(body)
        message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        reply = {"object": "chat.completion", "model": "toy", "choices": [message], "usage": usage}
        self.answer(200, reply)


if __name__ == "__main__":
    Handler.log = Path(sys.argv[1])
    serve(Handler)
