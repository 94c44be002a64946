"""What pydantic found wrong with a setting → what the setting must be, in the words of commands and programs alike."""

from __future__ import annotations

from typing import Any


def requirement(fault: Any) -> str:
    """What goes between the name of a setting and the value that it was given: `must be at least 1`."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "greater_than":
            return f"must be above {context['gt']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "literal_error":
            return f"must be {context['expected']}"
        case "int_parsing" | "int_type" | "int_from_float":
            return "must be a whole number"
        case "float_parsing" | "float_type" | "finite_number":
            return "must be a number"
        case "bool_parsing" | "bool_type":
            return "must be true or false"
        case "tuple_type" | "list_type":
            return "must be a list"
        case "string_type":
            return "must be text"
        case "too_short":
            least = context["min_length"]
            return f"must have at least {least} {'entry' if least == 1 else 'entries'}"
        case _:
            text = str(fault["msg"])
            return text[:1].lower() + text[1:]


def about(fault: Any) -> str:
    """The setting that a fault is about; a rule between several is named after one of them, by its type."""
    return str(fault["loc"][0] if fault["loc"] else fault["type"])
