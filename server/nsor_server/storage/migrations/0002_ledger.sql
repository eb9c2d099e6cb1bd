-- The access ledger. All but the head is insert-only for the server's role. `ledger_leaf` is the ledger; every other table is
-- either derived from it, and compared with it by `nsor-server ledger verify`, or sealed beside it.

CREATE TABLE ledger_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    origin text NOT NULL DEFAULT '',
    size bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    frontier bytea NOT NULL DEFAULT '' CHECK (octet_length(frontier) % 32 = 0),
    time_us bigint NOT NULL DEFAULT 0,
    directory_version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE ledger_head IS 'one row, updated by every commit: its lock is what orders the ledger';
COMMENT ON COLUMN ledger_head.origin IS 'empty until the ledger is opened first; gets /2, /3... by ledger new-epoch';
COMMENT ON COLUMN ledger_head.frontier IS 'roots of the complete subtrees, the largest first';
COMMENT ON COLUMN ledger_head.directory_version IS 'goes up with every change of agencies, certificates and officers';
INSERT INTO ledger_head (root) VALUES ('\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');

CREATE TABLE ledger_leaf (
    index bigint PRIMARY KEY CHECK (index >= 0),
    leaf bytea NOT NULL CHECK (octet_length(leaf) BETWEEN 1 AND 65535)
);
COMMENT ON COLUMN ledger_leaf.leaf IS 'the stored bytes are what is hashed: nsor.ledger.v1.Leaf';

CREATE TABLE ledger_detail (
    index bigint PRIMARY KEY,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN ledger_detail.sealed IS '32 random bytes and an nsor.storage.v1.AccessDetail, sealed to its leaf';

CREATE TABLE ledger_access (
    index bigint PRIMARY KEY,
    access_id uuid NOT NULL UNIQUE,
    time_us bigint NOT NULL,
    agency text NOT NULL,
    method text NOT NULL,
    purpose smallint NOT NULL,
    outcome smallint NOT NULL,
    trace_id bytea NOT NULL,
    count integer NOT NULL
);
COMMENT ON TABLE ledger_access IS 'what the leaf says, for queries; re-derived by ledger verify';
CREATE INDEX ledger_access_agency ON ledger_access (agency, index);

CREATE TABLE ledger_record (
    index bigint NOT NULL,
    ordinal smallint NOT NULL,
    table_name text NOT NULL,
    row_id bytea NOT NULL,
    version bigint NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    PRIMARY KEY (table_name, row_id, version)
);
COMMENT ON TABLE ledger_record IS 'the sealed rows that an entry wrote: each is the work of exactly one entry';
CREATE INDEX ledger_record_index ON ledger_record (index, ordinal);

CREATE TABLE ledger_checkpoint (
    size bigint PRIMARY KEY,
    note bytea NOT NULL
);
COMMENT ON COLUMN ledger_checkpoint.note IS 'C2SP signed note, one per commit';

CREATE TABLE ledger_tile (
    level smallint NOT NULL,
    tile bigint NOT NULL,
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (level, tile)
);
COMMENT ON TABLE ledger_tile IS 'full tiles of 256 hashes; those of level n are the roots of the tiles of level n - 1';

CREATE TABLE ledger_epoch (
    epoch integer PRIMARY KEY CHECK (epoch >= 1),
    origin text NOT NULL UNIQUE,
    first_index bigint NOT NULL UNIQUE CHECK (first_index >= 0),
    last_known bytea NOT NULL
);
COMMENT ON TABLE ledger_epoch IS 'written by the owner only: ledger new-epoch after the tree was lost in part';
COMMENT ON COLUMN ledger_epoch.first_index IS 'index of the leaf that carries last_known; checkpoints of more entries are of this origin';

GRANT SELECT, UPDATE ON ledger_head TO nsor_server;
GRANT SELECT ON ledger_epoch TO nsor_server;
GRANT SELECT, INSERT ON
    ledger_leaf, ledger_detail, ledger_access, ledger_record, ledger_checkpoint, ledger_tile
TO nsor_server;
