"""What clients may send: requests with something wrong in them, and anything else."""

import json

from hypothesis import strategies as st

CHANNELS = ["level2", "trades", "ticker", "status", "candles", "heartbeats", "system", "orders", ""]
_odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=70),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.none(), max_size=2),
)
_ids = st.lists(
    st.sampled_from(["BTC-USD", "ETH-USD", "*", "*-USD", "X-*", "../x", "BTC-USD.>", "A\0B"])
    | _odd,
    max_size=4,
)
_params = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.sampled_from(CHANNELS) | _odd,
        "product_ids": _ids | _odd,
        "venue": _odd,
        "snapshot": _odd,
        "depth": st.just("full") | _odd,
        "conflate": st.just("none") | _odd,
        "interval": st.sampled_from(["1m", "1d"]) | _odd,
        "on_slow": st.sampled_from(["snapshot", "gap", "disconnect"]) | _odd,
        "nonce": _odd,
        "resume": _odd,
    },
)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(
            ["subscribe", "unsubscribe", "subscriptions", "snapshot", "ping", "auth"]
        )
        | _odd
    },
    optional={"params": _params | _odd, "req_id": _odd, "type": _odd},
).map(json.dumps)
"""Texts that look like requests."""

messages = requests | st.text(max_size=200) | st.recursive(_odd, st.lists).map(json.dumps)
"""Any text a client may send."""
