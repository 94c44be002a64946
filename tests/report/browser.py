"""A real Chromium, without a window, spoken to over a pipe in its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
"""Without a sandbox of its own, so that it starts as root too: it is shown nothing but our file."""
WATCH = """
window.seen = [];
addEventListener("securitypolicyviolation", (event) => seen.push(`policy: ${event.violatedDirective} ${event.sample}`));
addEventListener("error", (event) => seen.push(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => seen.push(`rejection: ${event.reason}`));
window.hacked = 0;
"""
"""Runs before anything of the page: what goes wrong there ends up in `seen`."""


class Page:
    """`with Page(profile, "file:///…") as page: page.value("1 + 1")`."""

    def __init__(self, profile: Path, address: str, *, size: tuple[int, int] = (1280, 900), dark: bool = False) -> None:
        assert CHROMIUM is not None, "callers skip if there is none"
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        # the pipe has to be file descriptors 3 and 4; a shell puts it there
        start = f'exec "$@" 3<&{commands} 4>&{replies}'
        self._process = subprocess.Popen(
            ["bash", "-c", start, "chromium", CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(commands, replies),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(replies)
        self._reader = os.fdopen(self._replies, "rb", buffering=0)
        self._number, self._unread, self._session = 0, b"", ""
        self.requests: list[str] = []
        """Addresses that the page asked for."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Network.enable")
        self._call("Page.enable")
        self.resize(*size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", features=scheme)
        self._call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.go(address)

    def go(self, address: str) -> None:
        """Load a page and wait until its script has drawn it."""
        self._call("Page.navigate", url=address)
        self.wait("document.documentElement.dataset.ready === '1'")

    def resize(self, width: int, height: int) -> None:
        """Give the window a size."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript; a promise is awaited."""
        done = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        """Let the page work until a condition holds; gives up after a minute."""
        looking = f"""new Promise((resolve) => {{
            const started = Date.now();
            const look = () => {{
                if ({condition}) resolve("");
                else if (Date.now() - started > 60000) resolve(document.body.innerText.slice(0, 500) || "nothing");
                else setTimeout(look, 20);
            }};
            look();
        }})"""
        for _ in range(50):
            done = self._call("Runtime.evaluate", expression=looking, returnByValue=True, awaitPromise=True)
            found = done.get("result", {}).get("value")
            if isinstance(found, str):  # else the page was replaced while it waited
                assert found == "", f"{condition} never came true: {found}"
                return
        raise AssertionError(f"{condition}: the page keeps being replaced")

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of the window, or of the whole page."""
        done = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(done["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._read()
            if reply.get("method") == "Network.requestWillBeSent":
                self.requests.append(reply["params"]["request"]["url"])
            if reply.get("id") == self._number:
                if "error" in reply:
                    return {"result": {}, "error": reply["error"]}
                return dict(reply["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            data = self._reader.read(1 << 20)
            assert data, "Chromium ended"
            self._unread += data
        message, self._unread = self._unread.split(b"\0", 1)
        return dict(json.loads(message))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._commands)  # Chromium ends when its pipe does
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.close()
