"""Plain values cross unchanged, by exact type; anything else, and any text that is not a value, is an error."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.sandbox.frames import BadFrame, FrameReader, parse_frame
from agentprop.sandbox.inside.codec import MAX_DEPTH, CodecError, decode, dump, encode, load
from agentprop.sandbox.inside.runner import Frame, framed

any_text = st.text(st.characters(codec=None, exclude_categories=()))
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | any_text
    | st.binary()
    | st.fractions()
    | st.complex_numbers(allow_nan=False)
)
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=8)
values = st.recursive(
    scalars | st.sets(hashable, max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(hashable, inner, max_size=4),
    max_leaves=20,
)


def same(left: Any, right: Any) -> bool:
    return (type(left) is type(right) and repr(left) == repr(right)) or (left == right and type(left) is type(right))


@given(values)
def test_plain_values_come_back_as_they_were(value: object) -> None:
    assert same(decode(load(dump(encode(value)))), value)


def test_numbers_keep_every_bit() -> None:
    for value in (10**5000, -(10**5000), 5e-324, math.inf, True, 1, 1.0, Fraction(10**400, 3)):
        back = decode(load(dump(encode(value))))
        assert type(back) is type(value) and back == value
    assert math.copysign(1, decode(load(dump(encode(-0.0))))) == -1  # type: ignore[arg-type]
    assert math.isnan(decode(load(dump(encode(math.nan)))))  # type: ignore[arg-type]


class Sneaky(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


NOT_PLAIN = [Sneaky(1), object(), [Sneaky(1)], {"a": object()}, range(3), type, lambda: 0, {Sneaky(2)}]


@pytest.mark.parametrize("value", NOT_PLAIN)
def test_what_is_not_plain_cannot_leave(value: object) -> None:
    with pytest.raises(CodecError, match="cannot leave the sandbox"):
        encode(value)


def test_depth_and_size_are_bounded() -> None:
    deep: list[Any] = []
    for _ in range(MAX_DEPTH + 5):
        deep = [deep]
    with pytest.raises(CodecError, match="deeper"):
        encode(deep)
    with pytest.raises(CodecError, match="items"):
        encode([0] * 300_000)
    with pytest.raises(CodecError, match="set members"):
        decode(["e", *[["i", hex(n)] for n in range(6000)]])
    with pytest.raises(CodecError, match="too long"):
        decode(["q", "0x1" + "0" * 20_000, "0x3"])


MALFORMED = [
    *("1", "1.5", '"text"', "{}", '{"i": "0x1"}', "[]", "[[]]", "[1]", '["x", "0x1"]'),
    *('["i"]', '["i", 1]', '["i", "0x1", "0x2"]', '["i", "zz"]', '["f", "pi"]', '["q", "0x1", "0x0"]', '["b", "0"]'),
    *('["l", 1]', '["e", ["l"]]', '["d", ["s", "a"]]', '["d", 1]'),
]
NO_JSON = [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"[" * 200_000, b'{"a":' * 100_000, b"1" * 5000]


@pytest.mark.parametrize("text", MALFORMED)
def test_text_that_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        decode(load(text.encode()))


@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: repr(text[:10]))
def test_text_that_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(CodecError):
        decode(load(text))


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise_anything_else(data: bytes) -> None:
    try:
        FrameReader().feed(data)
        parse_frame(data, 0)
    except BadFrame:
        pass


def test_frames_are_read_however_they_are_cut() -> None:
    frames = [Frame(number, "ok", None, None, None, "", "", True, encode(number), 0.0, 0.0) for number in range(5)]
    stream = b"".join(framed(list(frame)) for frame in frames)
    reader = FrameReader()
    for position in range(0, len(stream), 7):
        reader.feed(stream[position : position + 7])
    assert [frame.value for frame in reader.frames] == [0, 1, 2, 3, 4]


WRONG = [{"number": 1}, {"number": True}, {"status": "timeout"}, {"has_value": 1}, {"cpu_s": "0"}, {"value": 5}]


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_a_frame_that_is_out_of_order_or_mistyped_is_bad(change: dict[str, Any]) -> None:
    frame = Frame(0, "ok", None, None, None, "", "", True, encode(1), 0.0, 0.0)
    assert parse_frame(dump(list(frame)), 0).value == 1
    with pytest.raises(BadFrame):
        parse_frame(dump(list(frame._replace(**change))), 0)
