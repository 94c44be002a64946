"""A server that plays the batch API: `python batch_server.py [POLLS]` prints its port; a batch ends after POLLS looks.

A request is answered by `reply NUMBER` of the number in its prompt, or by the text behind `say:`; the model `roles`
takes every role in the toy way of every_role_server, and `teacher` is the toy teacher. The words `fault: …` in a prompt
choose what its line becomes: `refused` is a line of the error file, `busy` is one the first time, `expired` is one of a
batch that expired the first time, `missing` has no line the first time, `crash` loses the answer to the creation of the
batch. `GET /ledger` says how often each request was answered, and how many files and batches there were; `GET /end`
ends all batches at once, and later ones at the first look.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from collections import Counter
from typing import Any

import every_role_server
import toy_teacher
from json_handler import JsonHandler, serve

polls = int(sys.argv[1]) if len(sys.argv) > 1 else 2
files: dict[str, bytes] = {}
batches: dict[str, dict[str, Any]] = {}
seen: Counter[str] = Counter()
answered: Counter[str] = Counter()


def said(body: dict[str, Any]) -> str:
    if body["model"] == "roles":
        return every_role_server.answer(body["messages"])
    if body["model"] == "teacher":
        return toy_teacher.answer(body)
    text = body["messages"][-1]["content"]
    told = re.search(r"say: (.*)", text, re.DOTALL)
    number = re.search(r"request (\d+)", text)
    return told[1] if told else f"reply {number[1]}" if number else "The answer is \\boxed{42}."


def completion(body: dict[str, Any]) -> dict[str, Any]:
    choices = [
        {"index": index, "finish_reason": "stop", "message": {"role": "assistant", "content": said(body)}}
        for index in range(body.get("n", 1))
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5 * len(choices), "total_tokens": 10 + 5 * len(choices)}
    return {"model": body["model"], "choices": choices, "usage": usage}


def process(batch: dict[str, Any]) -> None:
    out, errors, status = [], [], "completed"
    for line in files[batch["input_file_id"]].splitlines():
        request = json.loads(line)
        name, text = request["custom_id"], request["body"]["messages"][-1]["content"]
        seen[name] += 1
        fault = re.search(r"fault: (\w+)", text)
        kind = fault[1] if fault else ""
        if kind == "refused" or (kind == "busy" and seen[name] == 1):
            number, words = (400, "the input was flagged") if kind == "refused" else (429, "slow down")
            body = {"error": {"message": words}}
            errors.append({"custom_id": name, "response": {"status_code": number, "body": body}, "error": None})
        elif kind == "expired" and seen[name] == 1:
            error = {"code": "batch_expired", "message": "the completion window expired"}
            errors.append({"custom_id": name, "response": None, "error": error})
            status = "expired"
        elif not (kind == "missing" and seen[name] == 1):
            answered[name] += 1
            response = {"status_code": 200, "body": completion(request["body"])}
            out.append({"custom_id": name, "response": response, "error": None})
    for field, lines in (("output_file_id", out), ("error_file_id", errors)):
        if lines:
            batch[field] = f"{batch['id']}-{field}"
            files[batch[field]] = "\n".join(map(json.dumps, lines)).encode()
    batch["request_counts"] = {"total": len(out) + len(errors), "completed": len(out), "failed": len(errors)}
    batch["status"] = status


class Handler(JsonHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        global polls
        path = self.path.partition("?")[0].removeprefix("/v1")
        if path == "/ledger":
            self.answer(200, {"answered": answered, "files": len(files), "batches": len(batches)})
        elif path == "/end":
            polls = 1
            for batch in batches.values():
                process(batch)
            self.answer(200, {})
        elif path == "/batches":
            self.answer(200, {"data": list(batches.values())})
        elif path.startswith("/batches/"):
            batch = batches[path.rpartition("/")[2]]
            batch["looks"] += 1
            if batch["status"] == "in_progress" and batch["looks"] >= polls:
                process(batch)
            self.answer(200, batch)
        else:
            self.send(200, files[path.split("/")[2]])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/files":
            boundary = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
            parts = [part.partition(b"\r\n\r\n") for part in body.split(b"--" + boundary)]
            name = f"file-{len(files)}"
            files[name] = next(content for head, _, content in parts if b"filename=" in head).strip()
            self.answer(200, {"id": name, "object": "file", "purpose": "batch", "status": "processed"})
        elif self.path == "/v1/batches":
            name = f"batch-{len(batches)}"
            batches[name] = {**json.loads(body), "id": name, "status": "in_progress", "looks": 0}
            if b"fault: crash" in files[batches[name]["input_file_id"]] and len(batches) == 1:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.answer(200, batches[name])
        else:
            self.answer(200, completion(json.loads(body)))


if __name__ == "__main__":
    serve(Handler)
