"""Answers every request with one reply at once: `python static_server.py PORT REPLY`, for machines without nginx."""

from __future__ import annotations

import asyncio
import re
import sys

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Static(asyncio.Protocol):
    """One connection."""

    response = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing read."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.data, 0, end)
            total = end + 4 + (int(found[1]) if found else 0)
            if len(self.data) < total:
                return
            self.data = self.data[total:]
            self.transport.write(self.response)


async def main(port: int, reply: str) -> None:
    """Serve until killed."""
    body = reply.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    Static.response = head.encode() + body
    server = await asyncio.get_running_loop().create_server(Static, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
