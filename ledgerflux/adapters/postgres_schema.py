"""All SQL of history: the tables, and the statements that fill and ask them.

Tables are made in numbered steps: a database at version n has had the first n.

Rows carry the field names of `ports.TradeRow`, `BookRow` and `GapRow`. Times are
nanoseconds UTC. Texts sort by code point (collation C), as Python does.

`price` and `size` are the venue's own texts and the truth: a numeric would drop a sign
of zero or leading zeros. `price_value` and `size_value` are the same numbers for
queries (sums, ranges, charts), made by Postgres itself, so that they can't differ; a
text that is no number is refused when written, not found when read.

Every table's key is the event's own (venue, product, channel where it has one, epoch,
seq): reading the log again adds what is missing and repeats nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledgerflux.ports import BookRow, GapRow, TradeRow

MIGRATIONS = (
    """
    CREATE TABLE schema_version (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        version integer NOT NULL
    );
    CREATE TABLE partition_position (
        venue text COLLATE "C" NOT NULL,
        partition smallint NOT NULL,
        number bigint NOT NULL,
        term bigint NOT NULL,
        PRIMARY KEY (venue, partition)
    );
    CREATE TABLE trade (
        venue text COLLATE "C" NOT NULL,
        product text COLLATE "C" NOT NULL,
        epoch text COLLATE "C" NOT NULL,
        seq bigint NOT NULL,
        trade_id bigint NOT NULL,
        price text NOT NULL,
        size text NOT NULL,
        side text NOT NULL,
        exchange_ns bigint,
        receive_ns bigint NOT NULL,
        price_value numeric NOT NULL GENERATED ALWAYS AS (price::numeric) STORED,
        size_value numeric NOT NULL GENERATED ALWAYS AS (size::numeric) STORED,
        PRIMARY KEY (venue, product, epoch, seq)
    );
    CREATE INDEX trade_time ON trade USING brin (receive_ns);
    CREATE TABLE book_snapshot (
        venue text COLLATE "C" NOT NULL,
        product text COLLATE "C" NOT NULL,
        epoch text COLLATE "C" NOT NULL,
        seq bigint NOT NULL,
        receive_ns bigint NOT NULL,
        state text NOT NULL,
        levels integer NOT NULL,
        hash text NOT NULL,
        body bytea NOT NULL,
        PRIMARY KEY (venue, product, epoch, seq)
    );
    ALTER TABLE book_snapshot ALTER body SET STORAGE EXTERNAL;
    CREATE INDEX book_snapshot_at ON book_snapshot (venue, product, receive_ns);
    CREATE INDEX book_snapshot_time ON book_snapshot (receive_ns);
    CREATE TABLE gap (
        venue text COLLATE "C" NOT NULL,
        product text COLLATE "C" NOT NULL,
        channel text COLLATE "C" NOT NULL,
        epoch text COLLATE "C" NOT NULL,
        seq bigint NOT NULL,
        cause text NOT NULL,
        detail text NOT NULL,
        receive_ns bigint NOT NULL,
        PRIMARY KEY (venue, product, channel, epoch, seq)
    );
    """,
    """
    ALTER TABLE gap ADD missing bigint, ADD from_id bigint, ADD to_id bigint;
    """,
)
VERSION = len(MIGRATIONS)

LOCK = "SELECT pg_advisory_xact_lock(1279655937)"
HAS_VERSION = "SELECT to_regclass('schema_version') IS NOT NULL"
READ_VERSION = "SELECT version FROM schema_version"
WRITE_VERSION = """
    INSERT INTO schema_version (version) VALUES (%(version)s)
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
"""

LIMITS = """
    SELECT set_config('statement_timeout', '5s', false),
           set_config('lock_timeout', '2s', false),
           set_config('idle_in_transaction_session_timeout', '10s', false),
           set_config('client_min_messages', 'warning', false)
"""
SLOW = "SELECT set_config('statement_timeout', '55s', true)"

POSITION = "SELECT number FROM partition_position WHERE venue = %(venue)s AND partition = %(part)s"
MOVE = """
    UPDATE partition_position SET number = %(upto)s, term = %(term)s
    WHERE venue = %(venue)s AND partition = %(part)s AND number = %(after)s AND term <= %(term)s
"""
FIRST = """
    INSERT INTO partition_position (venue, partition, number, term)
    VALUES (%(venue)s, %(part)s, %(upto)s, %(term)s) ON CONFLICT DO NOTHING
"""
PRUNE_ROWS = 200
PRUNE = """
    DELETE FROM book_snapshot WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM book_snapshot WHERE receive_ns < %(before)s
        ORDER BY receive_ns LIMIT %(rows)s
    ))
"""
COUNTS = """
    SELECT (SELECT count(*) FROM trade WHERE venue = %(venue)s),
           (SELECT count(*) FROM book_snapshot WHERE venue = %(venue)s),
           (SELECT count(*) FROM gap WHERE venue = %(venue)s)
"""
PAGE_ROWS = 5_000
TRADES = """
    SELECT venue, product, epoch, seq, trade_id, price, size, side, exchange_ns, receive_ns
    FROM trade
    WHERE venue = %(venue)s AND (product, epoch, seq) > (%(product)s, %(epoch)s, %(seq)s)
    ORDER BY product, epoch, seq LIMIT %(rows)s
"""
SIZE = "SELECT pg_database_size(current_database())"


class Table(NamedTuple):
    """The statements that bring rows into the table `name`: straight, or by a staged copy."""

    name: str
    copy: str
    stage: str
    empty: str
    copy_staged: str
    insert: str


def _table(name: str, columns: Sequence[str]) -> Table:
    # Only names from this program stand in these texts; values travel by COPY.
    fields, staged = ", ".join(columns), f"{name}_staged"
    selection = f"SELECT {fields} FROM"
    return Table(
        name,
        f"COPY {name} ({fields}) FROM STDIN",
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged} ON COMMIT DELETE ROWS"
        f" AS {selection} {name} WITH NO DATA",
        f"DELETE FROM {staged}",  # noqa: S608
        f"COPY {staged} ({fields}) FROM STDIN",
        f"INSERT INTO {name} ({fields}) {selection} {staged} ON CONFLICT DO NOTHING",
    )


TRADE = _table("trade", TradeRow._fields)
BOOK = _table("book_snapshot", BookRow._fields)
GAP = _table("gap", GapRow._fields)
