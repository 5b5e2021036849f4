"""A headless Chromium, driven over its DevTools protocol; it reaches nothing but loopback."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)


class Page:
    """One tab: what it asked for, what it complained of, and what it shows."""

    def __init__(self, socket) -> None:
        self._socket = socket
        self._id = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """Return the result of a command; events before it are taken."""
        self._id += 1
        self._socket.send(json.dumps({"id": self._id, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            if message.get("id") == self._id:
                assert "error" not in message, message
                return message["result"]
            self._take(message["method"], message["params"])

    def _take(self, event, params):
        if event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Network.webSocketCreated":
            self.requests.append(params["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"]["exception"].get("description", ""))
        elif event == "Runtime.consoleAPICalled":
            self.complaints.append(str([arg.get("value") for arg in params["args"]]))
        elif event == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])

    def run(self, script):
        """Return the value of a JavaScript expression."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def text(self, selector):
        """Return what the first element of `selector` shows."""
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText?.trim()")

    def texts(self, selector):
        """Return what each element of `selector` shows."""
        return self.run(
            f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.innerText.trim())"
        )

    def open(self, url, *, width=1440, height=900, scheme="dark"):
        """Show `url` in a window of this size."""
        self.resize(width, height, scheme)
        self.call("Page.navigate", url=url)

    def resize(self, width, height, scheme="dark"):
        """Make the window another."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 700,
        )  # fmt: skip
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def picture(self, path, *, whole=False):
        """Write what is shown to `path`."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(shot["data"]))


def program() -> str:
    """Return the browser of this machine; skip the test where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


@contextmanager
def browsing(profile: Path) -> Iterator[Page]:
    """Run a browser with a profile of its own; yield its tab."""
    profile.mkdir(parents=True, exist_ok=True)
    log = (profile / "browser.log").open("w")
    process = subprocess.Popen(
        [program(), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=log, stderr=log, start_new_session=True, env={**os.environ, "HOME": str(profile)},
    )  # fmt: skip
    try:
        with connect(_tab(profile, process), max_size=None) as socket:
            yield Page(socket)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a group of its own, with all its helpers
        process.wait()
        log.close()


def _tab(profile: Path, process: subprocess.Popen) -> str:
    """Return the address of the tab, once there is one."""
    told = profile / "DevToolsActivePort"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, (profile / "browser.log").read_text()
        try:
            port = int(told.read_text().splitlines()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
            return tabs[0]["webSocketDebuggerUrl"]
        except (OSError, IndexError, ValueError):
            time.sleep(0.05)
    raise AssertionError((profile / "browser.log").read_text())
