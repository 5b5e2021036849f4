"""What minikube prints with `-o json`: one CloudEvent a line."""

import json
from typing import NamedTuple

_PREFIX = "io.k8s.sigs.minikube."


class Progress(NamedTuple):
    """A step or download of minikube, in its words; `percent` is None outside downloads."""

    text: str
    percent: int | None = None


class Trouble(NamedTuple):
    """An error of minikube: its id and words."""

    error_id: str
    message: str


def read_event(line: str) -> Progress | Trouble | None:
    """Return what a line says; None for lines that are no event or say nothing to people."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        return None
    data = {key: str(value) for key, value in event["data"].items()}
    return _meaning(str(event.get("type", "")).removeprefix(_PREFIX), data)


def _meaning(kind: str, data: dict[str, str]) -> Progress | Trouble | None:
    if kind == "error":
        return Trouble(data.get("name", ""), data.get("message", "").strip())
    if kind == "download.progress":
        return Progress(f"downloading {data.get('artifact', '')}", _percent(data.get("progress")))
    if kind == "step":
        return Progress(data.get("message", "").strip())
    return None


def _percent(text: str | None) -> int | None:
    try:
        return round(float(text or "") * 100)
    except ValueError:
        return None


def last_trouble(lines: list[str]) -> Trouble:
    """Return the last error of `lines`, an empty one where they tell none."""
    events = (read_event(line) for line in reversed(lines))
    return next((event for event in events if isinstance(event, Trouble)), Trouble("", ""))
