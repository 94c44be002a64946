"""Bytes from a child → typed frames, or an error if the bytes cannot be trusted."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from agentprop.sandbox.inside.codec import CodecError, decode, load
from agentprop.sandbox.inside.runner import Frame

FRAME_LIMIT = 4 << 20
"""Most bytes of one frame."""
_TYPES = (int, str, (str, type(None)), (str, type(None)), (str, type(None)), str, str, bool, object, float, float, int)


class BadFrame(ValueError):
    """The bytes are not a frame that an honest child writes."""


@dataclass(slots=True)
class FrameReader:
    """Reader of one child's frames, which must come in order from 0."""

    frames: list[Frame] = field(default_factory=list)
    buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> None:
        """Read more bytes. Raises BadFrame as soon as they cannot be right."""
        self.buffer += data
        while len(self.buffer) >= 4:
            (length,) = struct.unpack_from("<I", self.buffer)
            if length > FRAME_LIMIT:
                raise BadFrame("a frame longer than allowed")
            if len(self.buffer) < 4 + length:
                return
            self.frames.append(parse_frame(bytes(self.buffer[4 : 4 + length]), len(self.frames)))
            del self.buffer[: 4 + length]


def parse_frame(text: bytes, number: int) -> Frame:
    """Parse a frame and decode its value. Raises BadFrame unless it is well typed and has this number."""
    try:
        data = load(text)
        if type(data) is not list or len(data) != len(_TYPES):
            raise BadFrame("a frame of the wrong shape")
        if not all(isinstance(item, kind) for item, kind in zip(data, _TYPES, strict=True)):  # type: ignore[arg-type]
            raise BadFrame("a frame with fields of the wrong type")
        frame = Frame(*data)
        if frame.number != number or frame.status not in ("ok", "error", "memory"):
            raise BadFrame("a frame out of order")
        return frame._replace(
            error=_written(frame.error),
            traceback=_written(frame.traceback),
            detail=_written(frame.detail),
            stdout=_written(frame.stdout) or "",
            stderr=_written(frame.stderr) or "",
            value=decode(frame.value),
        )
    except CodecError as problem:
        raise BadFrame(str(problem)) from problem


def _written(text: str | None) -> str | None:
    """The text with lone surrogates spelt out, as printed text has them: no file can hold them."""
    return text if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")
