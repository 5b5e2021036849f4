"""The tables of history, as numbered steps: a database at version n has the first n.

Rows carry the field names of `ports.TradeRow`, `BookRow` and `GapRow`. Times are
nanoseconds UTC. Texts sort by code point (collation C), as Python does.

`price` and `size` are the venue's own texts and the truth: a numeric would drop a sign
of zero or leading zeros. `price_value` and `size_value` are the same numbers for
queries (sums, ranges, charts), made by Postgres itself, so that they can't differ; a
text that is no number is refused when written, not found when read.

Every table's key is the event's own (venue, product, channel where it has one, epoch,
seq): reading the log again adds what is missing and repeats nothing.
"""

MIGRATIONS = (
    """
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
)
VERSION = len(MIGRATIONS)

MAKE_VERSION_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_version (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        version integer NOT NULL
    )
"""
READ_VERSION = "SELECT version FROM schema_version"
WRITE_VERSION = """
    INSERT INTO schema_version (version) VALUES (%(version)s)
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
"""
