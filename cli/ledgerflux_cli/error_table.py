"""Every code an error can have: what it means, how a command ends with it, what to do.

A test holds the table against the code.
"""

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """One code.

    Attributes:
        code: As it stands in `error[code]`, in logs and in JSON.
        exit_code: What a command ends with.
        when: What has happened.
        do: What helps.
    """

    code: str
    exit_code: int
    when: str
    do: str


COMMAND_LINE = (
    ErrorCode("usage", 2, "the command line can't be read", "lf COMMAND --help"),
    ErrorCode("bad_argument", 2, "a value or file is not what it must be", "the line names it"),
    ErrorCode("bad_config", 2, "a setting does not fit this machine or data", "lf doctor"),
    ErrorCode("bad_keys", 2, "a file of API keys can't be used", "lf token create"),
    ErrorCode("bad_jwt_keys", 2, "a file of keys for JWT can't be used", "docs/security.md"),
    ErrorCode("key_exists", 6, "there is a key of that id", "another --id"),
    ErrorCode("bad_certificate", 2, "a TLS file can't be used", "docs/security.md"),
    ErrorCode(
        "insecure_listen",
        2,
        "others could come in without TLS",
        "--tls-cert and --tls-key, or --insecure-public",
    ),
    ErrorCode("cannot_seek", 6, "the source is no recording, or has no times", "lf replay status"),
    ErrorCode("unavailable", 6, "the service has come to its end, or the stack stops", "lf status"),
    ErrorCode("unknown_service", 2, "there is no service of that name", "lf status"),
    ErrorCode("unknown_letter", 2, "MD_DLQ holds no such record", "lf dlq ls"),
    ErrorCode("file_exists", 6, "a file that shall be new is there", "name another one"),
    ErrorCode("permission_denied", 5, "this user may not", "lf doctor"),
    ErrorCode("system", 1, "the machine refused: a full disk, a missing file", "lf doctor"),
    ErrorCode("failed", 1, "the operation failed", "the line says why"),
    ErrorCode("bug", 1, "a fault of lf itself", "lf doctor --report FILE, and report it"),
)
STACK = (
    ErrorCode("not_running", 3, "no stack runs there", "lf up, or --data-dir DIR"),
    ErrorCode("already_running", 6, "a stack or role runs there", "lf status, or lf down"),
    ErrorCode("port_in_use", 6, "the port asked for is taken", "lf up --port 0"),
    ErrorCode(
        "no_exchange", 6, "the source is live: nothing to control", "lf up --source replay:FILE"
    ),
    ErrorCode("start_timeout", 4, "a service was not ready in time", "lf logs SERVICE"),
    ErrorCode("timeout", 4, "what was waited for did not come", "lf status; a longer --timeout"),
    ErrorCode("service_died", 1, "a service ended while starting", "lf logs SERVICE"),
    ErrorCode("worker_died", 1, "a process of the load test ended", "fewer --clients"),
    ErrorCode("stack", 1, "the stack can't be started or stopped", "lf doctor"),
    ErrorCode("missing_dependency", 5, "a wheel or user is missing", "lf doctor"),
    ErrorCode("degraded", 10, "reachable, but not well", "lf status"),
)
DEPLOY = (
    ErrorCode("cluster_failed", 1, "minikube can't make, start or delete it", "the line says"),
    ErrorCode("cluster_misfit", 6, "the cluster is smaller than asked", "lf down --cluster"),
    ErrorCode("cluster_unreachable", 3, "the cluster does not answer", "lf doctor"),
    ErrorCode("image_failed", 1, "the image was not built", "the last lines of the build"),
    ErrorCode("bad_manifests", 1, "a check refuses what was rendered", "lf render"),
    ErrorCode("apply_refused", 1, "the cluster refuses an object", "lf render"),
    ErrorCode("field_conflict", 6, "somebody else has set a field of ours", "lf render"),
    ErrorCode("not_ours", 6, "the cluster was not made by lf", "minikube delete -p NAME"),
)
LOG = (
    ErrorCode("bus_unavailable", 3, "NATS does not answer or refuses", "lf logs nats"),
    ErrorCode(
        "append_refused", 3, "the log is not where its writer thought", "none: settled by itself"
    ),
    ErrorCode(
        "append_in_doubt", 3, "nobody knows whether an append landed", "none: settled by itself"
    ),
    ErrorCode("fenced", 6, "a newer writer holds the partition", "lf status: who else runs?"),
    ErrorCode("log_corrupt", 7, "a record is not what was written", "lf verify"),
    ErrorCode("log_regressed", 7, "the log is behind what was read before", "lf verify"),
    ErrorCode("log_incomplete", 7, "records are missing", "lf verify"),
    ErrorCode("integrity", 7, "something is missing, twice or wrong", "lf verify"),
)
STORE = (
    ErrorCode("store_unavailable", 3, "Postgres does not answer", "lf logs postgres"),
    ErrorCode("store_conflict", 3, "another writer stores the same partition", "lf status"),
    ErrorCode("schema_newer", 3, "a newer version made these tables", "update ledgerflux"),
    ErrorCode("rows_refused", 3, "Postgres refused rows", "lf logs snapshot"),
)
FEED = (
    ErrorCode("feed_closed", 1, "the venue closed the socket", "none: it is made anew"),
    ErrorCode("feed_lost", 1, "the socket broke", "none: it is made anew"),
    ErrorCode("feed_silent", 1, "the venue sends nothing", "none: it is made anew"),
    ErrorCode("feed_refused", 1, "the venue can't be reached", "see the network"),
    ErrorCode("feed_tls", 1, "the venue's certificate does not hold", "see clock and proxies"),
    ErrorCode("feed_throttled", 1, "too many requests for the venue", "none: it is asked slower"),
    ErrorCode("feed_forbidden", 1, "the venue refuses this address", "see the venue's terms"),
    ErrorCode("feed_unavailable", 1, "the venue is out of order", "none: it is asked again"),
    ErrorCode("feed_redirected", 1, "the venue answers from elsewhere", "see its announcements"),
    ErrorCode("feed_not_websocket", 1, "no WebSocket answers there", "see the venue's address"),
    ErrorCode("bad_recording", 2, "the recording can't be read", "lf recording verify FILE"),
)
GATEWAY = (
    ErrorCode("gateway_unreachable", 3, "no gateway answers there", "lf status; see --gateway"),
    ErrorCode("protocol_error", 3, "what answers there is no gateway of ours", "see --gateway"),
    ErrorCode("bad_json", 1, "a request is no JSON", "docs/protocol.md"),
    ErrorCode("bad_request", 1, "a request lacks something", "docs/protocol.md"),
    ErrorCode("unknown_method", 1, "there is no such request", "docs/protocol.md"),
    ErrorCode("unknown_channel", 1, "there is no such channel", "lf sub --help"),
    ErrorCode("unknown_venue", 1, "the stack has no such venue", "lf status"),
    ErrorCode("unknown_product", 1, "the stack does not take this product", "lf products"),
    ErrorCode("invalid_param", 1, "a value of a request does not fit", "docs/protocol.md"),
    ErrorCode("unsupported_depth", 1, "books of that depth are not served", "ask for full"),
    ErrorCode("unsupported_conflate", 1, "that conflation is not served", "ask for none"),
    ErrorCode("already_subscribed", 1, "a stream was subscribed twice", "unsubscribe first"),
    ErrorCode("not_subscribed", 1, "a stream was not subscribed", "subscribe first"),
    ErrorCode("limit_subscriptions", 1, "too many subscriptions", "fewer products a client"),
    ErrorCode(
        "limit_connections",
        1,
        "too many connections",
        "fewer clients, or later; behind a proxy or NAT: --shared-networks",
    ),
    ErrorCode("throttled", 1, "too many requests", "wait `retry_after_ms`"),
    ErrorCode("not_ready", 1, "the gateway is still starting", "lf wait --for up"),
    ErrorCode("idle", 1, "nothing was subscribed in time", "subscribe at once"),
    ErrorCode("auth_required", 1, "the gateway wants a token", "--token-file FILE"),
    ErrorCode("auth_failed", 1, "the token is not known", "lf token verify"),
    ErrorCode("auth_timeout", 1, "no token was shown in time", "--token-file FILE"),
    ErrorCode("token_expired", 1, "the token has expired", "lf token create"),
    ErrorCode("forbidden", 1, "the token grants other products or channels", "lf token verify"),
    ErrorCode("control_refused", 1, "this client may not control the stack", "docs/security.md"),
    ErrorCode("origin_refused", 1, "pages from there may not come in", "docs/security.md"),
    ErrorCode("slow_consumer", 1, "the client reads too slowly", "read faster, or fewer products"),
)
SECTIONS = (
    ("The command line", COMMAND_LINE),
    ("The stack", STACK),
    ("Compose and Kubernetes", DEPLOY),
    ("The log", LOG),
    ("Postgres", STORE),
    ("Feeds and recordings", FEED),
    ("The gateway", GATEWAY),
)
ERRORS = tuple(row for _, rows in SECTIONS for row in rows)
