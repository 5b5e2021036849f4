"""The page of all settings, made from the tree."""

from typing import Any

from ledgerflux.settings.layers import variable_of
from ledgerflux.settings.tree import Settings, is_secret

HEAD = """# Settings

Made from the code by `just docs`. A value comes from the flag, if it was typed; else from the
variable; else from `./ledgerflux.toml`; else from `$XDG_CONFIG_HOME/ledgerflux/config.toml`
(`~/.config/...`); else it is the default. Key, flag and variable are one word: `at_end`,
`--at-end`, `LF_AT_END`. A file is flat:

```toml
source = "synthetic:1000"
products = ["BTC-USD", "ETH-USD"]
shards = 2
```

An unknown key or a value out of bounds is an error that names file and line; `lf config validate`
shows all of them, `lf config show --origin` what holds and why.

| key | variable | values | default | meaning |
| --- | --- | --- | --- | --- |"""


def settings_page() -> str:
    """Return docs/settings.md."""
    return "\n".join([HEAD, *map(_row, Settings.model_fields)]) + "\n"


def _row(key: str) -> str:
    about = Settings.model_json_schema()["properties"][key]
    default = Settings.model_fields[key].default
    shown = "" if default is None else f"`{_text(default)}`"
    note = " Shown masked." if is_secret(key) else ""
    text = f"{Settings.model_fields[key].description}{note}"
    return f"| `{key}` | `{variable_of(key)}` | {_values(about)} | {shown} | {text} |"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _values(about: dict[str, Any]) -> str:
    """Return what a field takes, from its JSON schema."""
    choices = [one for one in about.get("anyOf", [about]) if one.get("type") != "null"]
    return " or ".join(map(_kind, choices))


def _kind(about: dict[str, Any]) -> str:
    if "enum" in about:
        return ", ".join(f"`{word}`" for word in about["enum"])
    if "const" in about:
        return f"`{about['const']}`"
    low = about.get("minimum", about.get("exclusiveMinimum"))
    if low is not None:
        above = "above " if "exclusiveMinimum" in about else ""
        high = f" to {about['maximum']:g}" if "maximum" in about else " or more"
        return f"{above}{low:g}{high}"
    return {"boolean": "`true`, `false`", "array": "list of texts"}.get(about["type"], "text")
