"""The body of a server's error, in any of their shapes → what it says, and the kind of failure that it is.

Servers agree neither on the shape of an error nor on its status, so the kind is looked up in the table `failures.toml`:
by status, then by type and code, then by words.

    >>> said = complaint_of(b'{"object":"error","message":"maximum context length is 4096 tokens","code":400}', 400)
    >>> kind_of(said)[0].value
    'context_overflow'
"""

from __future__ import annotations

import html
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from agentprop.models.failures import FailureKind, ModelFailure

EXCERPT = 300
"""Characters of a server's text that a message quotes."""
TEXTS = (
    "message",
    "detail",
    "error_message",
    "msg",
    "error_msg",
    "status_msg",
    "reason",
    "title",
    "error",
    "errors",
    "raw",
    "body",
)
"""Fields that may hold the words of an error, likeliest first."""
CODES = ("code", "type", "status", "reason", "error_code", "error_type", "name", "statusCode", "status_code", "__type")
"""Fields that may hold its type or code."""
INNER = ("error", "base_resp", "innererror", "inner_error", "details", "metadata", "message", "detail", "errors")
"""Fields that may hold another error."""
SAID = frozenset({"detail", "message", "msg", "error_msg", "error_message", "error_code"})
"""Fields that only an error has, if it came as a success."""
WAITS = ("retryDelay", "retry_after", "retry_after_seconds", "estimated_time")
"""Fields that may hold the seconds to wait: a number, or a text such as `34s`."""
PARAMETERS = (
    "max_completion_tokens", "max_output_tokens", "max_new_tokens", "max_tokens", "temperature", "top_p", "top_k",
    "min_p", "seed", "stop", "logprobs", "top_logprobs", "return_token_ids", "response_format", "tool_choice", "tools",
    "stream_options", "stream", "presence_penalty", "frequency_penalty", "repetition_penalty", "reasoning_effort",
    "chat_template_kwargs", "verbosity", "enable_thinking", "thinking_budget", "logit_bias", "service_tier",
    "parallel_tool_calls", "guided_json", "length_penalty", "n",
)  # fmt: skip
"""Parameters that a server may refuse."""
DELAY = re.compile(
    r"(?:try again|retry|wait|retrydelay|resets?)\W{1,4}(?:in|after|for)?[\s\"':]*"
    r"((?:\d+(?:\.\d+)? ?(?:ms|m(?:in\w*)?|h(?:ours?)?|s(?:ec\w*)?) ?)+)",
    re.IGNORECASE,
)
"""A time to wait, in words."""
UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Complaint:
    """An error as a server told it."""

    status: int | None
    """HTTP status; None if the error came in a stream or a batch without one."""
    words: str
    """What it says."""
    codes: frozenset[str] = frozenset()
    """Type, code and reason, in lower case."""
    parameter: str | None = None
    """Parameter of the request that it is about."""
    wait_s: float | None = None
    """Seconds that it asks to wait, in a field of its own or in its words."""


@dataclass(frozen=True)
class Row:
    """Row of the table."""

    name: str
    kind: FailureKind
    advice: str | None = None
    status: frozenset[int] | None = None
    not_status: frozenset[int] = frozenset()
    codes: frozenset[str] | None = None
    words: re.Pattern[str] | None = None
    beyond: bool = False
    parameter: bool = False
    wait_s: float | None = None

    def fits(self, said: Complaint) -> bool:
        """Decide if everything that the row names is so."""
        if self.status is not None and said.status not in self.status:
            return False
        if said.status in self.not_status or (self.codes is not None and not self.codes & said.codes):
            return False
        if self.parameter and said.parameter in (None, "n"):
            return False
        found = self.words.search(said.words) if self.words else None
        if self.words and found is None:
            return False
        return not self.beyond or (found is not None and _number(found[2]) > _number(found[1]))


@cache
def table() -> tuple[Row, ...]:
    """Read the table."""
    rows = tomllib.loads(files("agentprop.models").joinpath("failures.toml").read_text(encoding="utf-8"))["row"]
    return tuple(map(_row, rows))


def row_of(said: Complaint) -> Row:
    """Return the row that decides; the last one fits everything."""
    return next(row for row in table() if row.fits(said))


def kind_of(said: Complaint) -> tuple[FailureKind, str | None]:
    """Return the kind of failure, and the line of settings that would mend it."""
    row = row_of(said)
    if row.parameter:
        return row.kind, f'omit = ["{said.parameter}"]'
    return row.kind, row.advice


def failure_of(said: Complaint, *, retry_after_s: float | None = None) -> ModelFailure:
    """Return the failure that an error means."""
    kind, advice = kind_of(said)
    asked = row_of(said).wait_s if said.wait_s is None else said.wait_s
    text = " ".join(said.words.split())[:EXCERPT] or "no explanation"
    wait = retry_after_s if retry_after_s is not None else asked
    message = f"status {said.status}: {text}" if said.status is not None else text
    return ModelFailure(kind, message, status=said.status, retry_after_s=wait, excerpt=text, advice=advice)


def complaint_of(body: bytes | Mapping[str, Any] | list[Any] | str, status: int | None) -> Complaint:
    """Read the body of an error; an error in a 200 has the status that it names itself."""
    found = _parsed(body)
    levels = list(_levels(found))
    codes = {str(level[name]).strip().lower() for level in levels for name in CODES if _plain(level.get(name))}
    words = " · ".join(dict.fromkeys(filter(None, map(_words, levels)))) or (found if isinstance(found, str) else "")
    numeric = [int(code) for code in codes if code.isdigit() and 400 <= int(code) < 600]
    if status is None or status < 400:
        status = numeric[0] if numeric else status
    told = (delay_s(words), *(_seconds(level.get(name)) for level in levels for name in WAITS))
    wait_s = max((wait for wait in told if wait is not None), default=None)
    return Complaint(
        status,
        words,
        frozenset(codes),
        _parameter(levels, words),
        wait_s,
    )


def is_error(data: Mapping[str, Any]) -> bool:
    """Decide if a JSON object that came as a success is an error."""
    if _tells(data.get("error")):
        return True
    if data.get("choices"):
        return False
    told = data.get("base_resp")
    if isinstance(told, Mapping) and told.get("status_code"):
        return True
    told_so = data.get("object") == "error" or data.get("type") == "error" or data.get("success") is False
    return told_so or bool(SAID & data.keys())


def _tells(error: Any) -> bool:
    """False for an error that is empty all through, as some gateways send one with every reply."""
    if isinstance(error, Mapping):
        return any(map(_tells, error.values()))
    return bool(error)


def delay_s(words: str) -> float | None:
    """Return the seconds that a text asks to wait.

    >>> delay_s("Rate limit reached. Please try again in 1m2.5s.")
    62.5
    """
    found = DELAY.search(words)
    if found is None:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?) ?(ms|[hms])", found[1].lower())
    return sum(float(number) * UNIT_S[unit] for number, unit in parts)


# --- reading ---


def _row(row: Mapping[str, Any]) -> Row:
    words = re.compile(row["words"], re.IGNORECASE | re.DOTALL) if "words" in row else None
    codes = frozenset(row["codes"]) if "codes" in row else None
    status = frozenset(_statuses(row["status"])) if "status" in row else None
    return Row(
        row["name"],
        FailureKind(row["kind"]),
        row.get("advice"),
        status,
        frozenset(row.get("not_status", ())),
        codes,
        words,
        row.get("beyond", False),
        row.get("parameter", False),
        row.get("wait_s"),
    )


def _statuses(values: list[int | str]) -> Iterator[int]:
    for value in values:
        first = int(str(value)[0]) * 100
        yield from range(first, first + 100) if isinstance(value, str) else (value,)


def _parsed(body: bytes | Mapping[str, Any] | list[Any] | str) -> Any:
    if not isinstance(body, bytes | str):
        return body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return page_title(text) or text


def page_title(text: str) -> str | None:
    """Return what a web page says in its title or its first heading; None if the text is no page or has neither.

    >>> page_title("<html><head><title>502 Bad Gateway</title></head><body></body></html>")
    '502 Bad Gateway'
    """
    if not text.lstrip()[:15].lower().startswith(("<!doctype", "<html")):
        return None
    found = re.search(r"(?is)<(title|h1)\b[^>]*>(?P<words>[^<]*\w[^<]*)</\1>", text)
    return None if found is None else html.unescape(" ".join(found["words"].split()))


def _seconds(value: Any) -> float | None:
    """Return a time to wait that stands in a field of its own."""
    text = f"{value}s" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?s?", text.removesuffix("s"))
    return None if found is None else float(found[1])


def _levels(node: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield an error and the errors inside it, innermost last; JSON within a text is one too."""
    if depth > 6:
        return
    if isinstance(node, str):
        node = _parsed(node) if node.lstrip()[:1] in ("{", "[") else None
    if isinstance(node, list):
        for item in node[:8]:
            yield from _levels(item, depth + 1)
    elif isinstance(node, Mapping):
        yield node
        for name in (*INNER, "raw"):
            if isinstance(node.get(name), Mapping | list | str):
                yield from _levels(node[name], depth + 1)


def _words(level: Mapping[str, Any]) -> str:
    """Return the text of one level: JSON inside it is a level of its own."""
    for name in TEXTS:
        value = level.get(name)
        if isinstance(value, str) and value.strip() and not isinstance(_parsed(value), dict | list):
            return value.strip()
    return ""


def _parameter(levels: list[Mapping[str, Any]], words: str) -> str | None:
    """Return the parameter that an error names: in a field of its own, as a place, or in its words."""
    for level in levels:
        places = level.get("loc") if isinstance(level.get("loc"), list) else [level.get("param")]
        for place in places or ():
            if place in PARAMETERS:
                return str(place)
    named = [name for name in PARAMETERS if re.search(rf"(?<![\w-]){name}(?![\w-])", words)]
    quoted = [name for name in named if re.search(rf"[`'\"\[]{name}[`'\"\]=]", words)]
    bare = [name for name in named if name not in ("n", "stop", "stream", "tools", "seed")]
    last = [name for name in named if re.search(rf"(?:supplied|arguments?|parameters?|fields?): {name}\W*\Z", words)]
    return min(quoted or last or bare, key=words.find, default=_spelled(words))


def _spelled(words: str) -> str | None:
    """Find a parameter in camel case, as some servers spell them."""
    return next((name for name in PARAMETERS if "_" in name and name.replace("_", "") in words.lower()), None)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= 80


def _number(text: str) -> int:
    return int(text.replace(",", ""))
