"""What people may type: commands that start nothing, with flags and values of any kind."""

from hypothesis import strategies as st

_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_values = st.sampled_from(
    [
        "-1",
        "0",
        "nan",
        "1e9",
        "../../etc",
        "replay:",
        "synthetic:0",
        "BTC-USD.>",
        "nats://",
        "*",
        "",
    ]
)
_flags = st.sampled_from(
    [
        "--shard",
        "--shards",
        "--source",
        "--products",
        "--speed",
        "--port",
        "--timeout",
        "--json",
        "-x",
    ]
)
_commands = st.sampled_from(["version", "help", "status", "wait", "verify", "frobnicate"])
arguments = st.tuples(_commands, st.lists(_flags | _values | _texts, max_size=4)).map(
    lambda pair: [pair[0], *pair[1]]
)
"""A command that only reports, and whatever follows it."""
