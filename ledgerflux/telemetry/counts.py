"""What each role counts: the names of its health record, and their help text as metrics.

A name here is `ledgerflux_<role>_<name>` in `/metrics`, with `_total` where it only grows.
`docs/metrics.md` is made from this table.
"""

from collections.abc import Mapping

GAUGES = frozenset(
    {
        "addresses", "clients", "crowded", "ended", "handshakes", "left_out", "packed_clients",
        "paused", "position", "queued_bytes", "resume_bytes", "resume_log_bytes", "resume_log_open",
        "sent_open", "session_frames", "slow_clients", "sockets", "subscriptions",
    }
)  # fmt: skip
"""Names that can fall; all others only grow."""

COUNTS: Mapping[str, Mapping[str, str]] = {
    "exchange": {
        "sent": "Frames of the source handed to sockets.",
        "sent_open": "Of those, frames handed to the sockets that are open now.",
        "position": "Place in the source, in items.",
        "sockets": "Sockets connected.",
        "paused": "1 while the market's clock is held.",
        "ended": "1 once the source is through.",
        "seeks": "Moves to another place of the recording.",
    },
    "ingest": {
        "frames": "Frames received.",
        "received_bytes": "Bytes of frames received.",
        "reconnects": "Sockets made again.",
        "resyncs": "Products subscribed again for a fresh book.",
        "lost_frames": "Frames received that could not be stored, each inside a declared gap.",
        "append_doubts": "Appends that had to be settled by reading the log.",
        "sockets": "Sockets connected.",
        "crowded": "Partitions whose queue is full: their socket is not read.",
        "queued_bytes": "Bytes received and not yet in RAW.",
        "complaints": "Errors the venue told.",
        "left_out": "Products that the venue refused.",
    },
    "normalize": {
        "raw_frames": "Frames read from RAW.",
        "raw_gap_frames": "Frames that RAW declares lost.",
        "raw_gaps": "Losses that RAW declares.",
        "raw_breaks": "Connections that ended without a goodbye: their last frames are unknown.",
        "past_raw_frames": "Frames read from RAW in runs of the source before this one.",
        "past_raw_gap_frames": "Frames that RAW declares lost, in runs before this one.",
        "past_raw_breaks": "Connections that ended without a goodbye, in runs before this one.",
        "raw_records_lost": "RAW records that fell to the stream's limit unread.",
        "session_frames": "Frames of the connections that are open now.",
        "norm_events": "Events made.",
        "gaps": "Gap events made.",
        "sequence_holes": "Holes in the venue's sequence.",
        "sequence_missing": "Numbers of the venue's sequence that never came.",
        "sequence_repeats": "Numbers of the venue's sequence that came again.",
        "heartbeat_holes": "Holes in the venue's heartbeat counter.",
        "refused": "Frames that could not be read.",
        "books_refused": "Frames that no book can take.",
        "dlq": "Frames kept in MD_DLQ.",
        "unknown": "Messages of a kind the venue does not describe.",
        "unknown_product": "Messages of products that were not asked for.",
        "venue_errors": "Errors the venue told.",
        "updates_ignored": "Updates of books that were not live.",
        "trades_repeated": "Trades that came again.",
        "unknown_deletes": "Deletes of levels that were not there.",
        "prices_repeated": "Levels that a snapshot named again.",
        "snapshots_empty": "Snapshots without any level.",
        "append_doubts": "Appends that had to be settled by reading the log.",
        "checkpoints": "Checkpoints written.",
        "stops": "Times a record of the log was not what was written, and its partition stopped.",
    },
    "snapshot": {
        "events": "Events read.",
        "trades": "Trades stored.",
        "books": "Book bodies stored.",
        "gap_rows": "Gaps stored.",
        "writes": "Transactions committed.",
        "conflicts": "Transactions refused because another writer was first.",
        "refused_rows": "Rows that Postgres can't hold, kept in MD_DLQ.",
        "lost_records": "NORM records that fell to the stream's limit unread.",
        "log_regressions": "Times the log was found to have gone backwards.",
        "restarts": "Partitions read again from their stored position.",
        "pruned_books": "Book bodies deleted by age.",
        "stops": "Times a record of the log was not what was written, and its partition stopped.",
    },
    "gateway": {
        "clients": "Clients connected.",
        "subscriptions": "Streams followed by clients.",
        "delivered": "Messages queued for clients.",
        "events": "Events read from NORM.",
        "queued_bytes": "Bytes queued for clients.",
        "slow_clients": "Clients that do not take what they are told.",
        "packed_clients": "Clients connected that take compressed messages.",
        "sent_message_bytes": "Bytes of messages written to clients, before compression.",
        "sent_bytes": "Bytes written to clients' sockets for them, frames and all.",
        "fell_behind": "Times a client fell behind a stream and was told so.",
        "resume_bytes": "Bytes of messages kept for clients that come back.",
        "resume_log": "Streams of clients that came back gone on with from the log.",
        "resume_log_lost": "Those of which the log did not have it all, or not in time.",
        "resume_log_open": "Streams being gone on with from the log now.",
        "resume_log_bytes": "Bytes read from the log for them and not yet queued for a client.",
        "live_holes": "Holes in what was heard live, filled from the log.",
        "losses": "Times a partition could not be followed and clients were told so.",
        "foreign": "Messages heard live that do not continue the log.",
        "closed_1003": "Clients closed for binary messages.",
        "throttled": "Requests refused because of their rate.",
        "controls": "Orders of clients that the exchange or the supervisor carried out.",
        "controls_refused": "Orders of clients that may not control the stack.",
        "bad_requests": "Messages of clients that were no requests.",
        "closed_4000": "Clients closed for not reading.",
        "closed_4002": "Clients closed for asking on after being throttled.",
        "closed_4003": "Clients closed for a token that expired.",
        "closed_4004": "Clients closed at the end of their time, to be spread anew.",
        "closed_4500": "Clients closed for a token that was refused.",
        "closed_4501": "Clients closed for showing no token in time.",
        "closed_4502": "Clients closed for messages that were no requests.",
        "closed_4505": "Clients closed for subscribing nothing.",
        "addresses": "Addresses that clients come from.",
        "handshakes": "Connections whose handshake is not done.",
        "turned_away": "Connections refused by the limits of their address.",
        "hung_up": "Sockets closed unheard: too many had not asked for anything.",
    },
}


def help_of(role: str, name: str) -> str:
    """Return the help text of a role's count."""
    return COUNTS.get(role, {}).get(name) or f"{name.replace('_', ' ').capitalize()}."


def metric_of(role: str, name: str) -> str:
    """Return the name a role's count has in `/metrics`."""
    return f"ledgerflux_{role}_{name}{'' if name in GAUGES else '_total'}"
