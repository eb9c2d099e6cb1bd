-- The access ledger. All but the head is insert-only for the server's role. The column `ledger_entry.leaf` is the ledger; all
-- else is either derived from it, and compared with it by `nsor-server ledger verify`, or sealed beside it.

CREATE TABLE ledger_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    origin text NOT NULL DEFAULT '',
    size bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    frontier bytea NOT NULL DEFAULT '' CHECK (octet_length(frontier) % 32 = 0),
    time_us bigint NOT NULL DEFAULT 0,
    directory_version bigint NOT NULL DEFAULT 0,
    directory_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(directory_hash) = 32),
    key_number integer NOT NULL DEFAULT 0 CHECK (key_number >= 0)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE ledger_head IS 'one row, updated by every commit: its lock is what orders the ledger';
COMMENT ON COLUMN ledger_head.origin IS 'empty until the ledger is opened first; gets /2, /3... by ledger new-epoch';
COMMENT ON COLUMN ledger_head.frontier IS 'roots of the complete subtrees, the largest first';
COMMENT ON COLUMN ledger_head.directory_version IS 'goes up with every entry that changes what decides';
COMMENT ON COLUMN ledger_head.directory_hash IS 'running hash over the rows that decide, as the newest such entry carries it';
COMMENT ON COLUMN ledger_head.key_number IS 'how often the key that signs was replaced';
INSERT INTO ledger_head (root) VALUES ('\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');

-- Tables that grow with every call are partitioned by the entry's number, in steps of 2^22: old details can be dropped as
-- whole tables, and no index grows without end. Partitions are made by ledger_extend, below.
CREATE TABLE ledger_entry (
    index bigint NOT NULL,
    access_id uuid NOT NULL,
    officer uuid NOT NULL,
    case_label uuid NOT NULL,
    named uuid NOT NULL,
    method integer NOT NULL,
    purpose smallint NOT NULL,
    outcome smallint NOT NULL,
    agency text NOT NULL,
    leaf bytea NOT NULL,
    PRIMARY KEY (index)
) PARTITION BY RANGE (index);
COMMENT ON TABLE ledger_entry IS 'the ledger; every column but leaf is derived from leaf and detail, and compared by ledger verify';
COMMENT ON COLUMN ledger_entry.leaf IS 'the stored bytes are what is hashed: nsor.ledger.v1.Leaf';
COMMENT ON COLUMN ledger_entry.method IS 'the first four bytes of SHA-256 of the method''s name, as a number';
COMMENT ON COLUMN ledger_entry.purpose IS 'enum nsor.v1.Purpose';
COMMENT ON COLUMN ledger_entry.outcome IS 'enum nsor.ledger.v1.Outcome';
COMMENT ON COLUMN ledger_entry.officer IS 'label: keyed hash of method and officer''s key id; of the access id where nobody acted';
COMMENT ON COLUMN ledger_entry.case_label IS 'label of method and case reference; of the access id where there is none';
COMMENT ON COLUMN ledger_entry.named IS 'label of method and what the request names, found or not; of the access id where it names nothing';
CREATE INDEX ledger_entry_access_id ON ledger_entry (access_id);
-- Lists of accesses go back along an index from their place, also where a filter finds few among very many. Those by outcome
-- leave out what was answered, so that a look-up doesn't pay for them.
CREATE INDEX ledger_entry_agency ON ledger_entry (agency, index);
CREATE INDEX ledger_entry_kind ON ledger_entry (method, purpose, index);
CREATE INDEX ledger_entry_agency_kind ON ledger_entry (agency, method, purpose, index);
CREATE INDEX ledger_entry_officer ON ledger_entry (officer, index);
CREATE INDEX ledger_entry_case_label ON ledger_entry (case_label);
CREATE INDEX ledger_entry_named ON ledger_entry USING hash (named);
CREATE INDEX ledger_entry_outcome ON ledger_entry (outcome, index) WHERE outcome <> 1;
CREATE INDEX ledger_entry_agency_outcome ON ledger_entry (agency, outcome, index) WHERE outcome <> 1;

CREATE TABLE ledger_detail (
    index bigint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (index)
) PARTITION BY RANGE (index);
COMMENT ON COLUMN ledger_detail.sealed IS '32 random bytes and an nsor.storage.v1.AccessDetail, sealed to its leaf';

CREATE TABLE ledger_shown (
    index bigint NOT NULL,
    labels bytea STORAGE EXTERNAL NOT NULL CHECK (octet_length(labels) % 16 = 0 AND octet_length(labels) > 0),
    PRIMARY KEY (index)
) PARTITION BY RANGE (index);
COMMENT ON TABLE ledger_shown IS 'of an answer that may show several registrations: as many labels as it may show, whatever it shows';
COMMENT ON COLUMN ledger_shown.labels IS '16 bytes each: keyed hash of the access id and a registration that was shown; of the access id and the place where none was. One row for all of them: a recall goes through those of all accesses since a record was entered';

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
-- By the ids of the others it would be known which entries are about one record: whoever proves what decides, and may not
-- know that, reads these alone.
CREATE VIEW ledger_record_deciding WITH (security_barrier) AS
SELECT index, ordinal, table_name, row_id, version, sha256 FROM ledger_record
WHERE table_name IN (
    'agency', 'agency_state', 'certificate', 'certificate_revocation', 'officer', 'officer_disabled', 'event_consumer',
    'event_consumer_disabled', 'focal_person', 'focal_person_disabled', 'ledger_epoch', 'ledger_epoch_cosignature', 'ledger_key',
    'ledger_witness', 'ledger_witness_retired', 'keyring_version', 'policy_proposal', 'policy_proposal_withdrawal',
    'policy_version', 'register_seal'
);
COMMENT ON VIEW ledger_record_deciding IS 'of ledger_record the rows that decide who may do what';

CREATE TABLE ledger_checkpoint (
    size bigint NOT NULL,
    note bytea NOT NULL,
    PRIMARY KEY (size)
) PARTITION BY RANGE (size);
COMMENT ON COLUMN ledger_checkpoint.note IS 'C2SP signed note, one per commit';

CREATE TABLE ledger_tile (
    level smallint NOT NULL,
    tile bigint NOT NULL,
    hashes bytea STORAGE EXTERNAL NOT NULL CHECK (octet_length(hashes) = 8192),
    middle bytea STORAGE EXTERNAL NOT NULL CHECK (octet_length(middle) = 512),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (level, tile)
);
COMMENT ON COLUMN ledger_tile.middle IS 'roots over 16 of the hashes each, so that a proof reads and hashes an eighth';
COMMENT ON TABLE ledger_tile IS 'full tiles of 256 hashes; those of level n are the roots of the tiles of level n - 1';

CREATE TABLE ledger_epoch (
    epoch integer PRIMARY KEY CHECK (epoch >= 1),
    origin text NOT NULL UNIQUE,
    first_index bigint NOT NULL UNIQUE CHECK (first_index >= 0),
    last_known bytea NOT NULL
);
COMMENT ON TABLE ledger_epoch IS 'written by the owner only: ledger new-epoch after the tree was lost in part';
COMMENT ON COLUMN ledger_epoch.first_index IS 'index of the leaf that carries last_known; checkpoints of more entries are of this origin';

CREATE TABLE ledger_epoch_cosignature (
    line bytea PRIMARY KEY,
    epoch integer NOT NULL REFERENCES ledger_epoch
);
COMMENT ON TABLE ledger_epoch_cosignature IS 'what witnesses have signed under the first checkpoint of an epoch';
COMMENT ON COLUMN ledger_epoch_cosignature.line IS 'C2SP tlog-cosignature: a line of the signed note';

CREATE TABLE ledger_key (
    number integer PRIMARY KEY CHECK (number >= 1),
    first_index bigint NOT NULL UNIQUE CHECK (first_index >= 0),
    previous_key bytea NOT NULL CHECK (octet_length(previous_key) = 32),
    key bytea NOT NULL UNIQUE CHECK (octet_length(key) = 32)
);
COMMENT ON TABLE ledger_key IS 'keys that have replaced the one that signs checkpoints; written by the owner only: keys rotate-ledger';
COMMENT ON COLUMN ledger_key.first_index IS 'index of the entry that replaced it; checkpoints of more entries are signed by the new key';

CREATE TABLE ledger_witness (
    witness_id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    verifier_key text NOT NULL UNIQUE,
    agency_id text REFERENCES agency,
    decided_by bytea NOT NULL CHECK (octet_length(decided_by) = 32),
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    access_id uuid NOT NULL
);
COMMENT ON TABLE ledger_witness IS 'witnesses that the Special Committee has registered';
COMMENT ON COLUMN ledger_witness.name IS 'as the verifier key says it';
COMMENT ON COLUMN ledger_witness.agency_id IS 'the agency that may fetch the entries because of this witness; NULL: none';
COMMENT ON COLUMN ledger_witness.decided_by IS 'key id of the officer who has signed';

CREATE TABLE ledger_witness_retired (
    witness_id uuid PRIMARY KEY REFERENCES ledger_witness,
    decided_by bytea NOT NULL CHECK (octet_length(decided_by) = 32),
    retired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    access_id uuid NOT NULL
);

CREATE TABLE ledger_cosignature (
    witness_id uuid NOT NULL REFERENCES ledger_witness,
    number bigint NOT NULL CHECK (number >= 1),
    size bigint NOT NULL CHECK (size >= 1),
    time_s bigint NOT NULL CHECK (time_s >= 0),
    line bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (witness_id, number)
);
COMMENT ON TABLE ledger_cosignature IS 'what registered witnesses have signed under checkpoints; the greatest number is the newest';
COMMENT ON COLUMN ledger_cosignature.time_s IS 'when, by the witness: seconds since 1970, as signed';
COMMENT ON COLUMN ledger_cosignature.line IS 'C2SP tlog-cosignature: a line of the signed note';

-- The server's role owns no table, so it asks for partitions: those up to one beyond entry `through`. A new table is attached
-- and not created as a partition, which would lock out every reader.
CREATE FUNCTION ledger_extend(through bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    step CONSTANT bigint := 4194304;
    parent text;
    part text;
BEGIN
    IF through < 0 OR through > (SELECT size FROM ledger_head) + step THEN
        RAISE EXCEPTION 'ledger_extend: % is no entry that comes soon', through;
    END IF;
    LOCK TABLE ONLY ledger_entry, ONLY ledger_detail, ONLY ledger_checkpoint, ONLY ledger_shown IN SHARE UPDATE EXCLUSIVE MODE;
    FOREACH parent IN ARRAY ARRAY['ledger_entry', 'ledger_detail', 'ledger_checkpoint', 'ledger_shown'] LOOP
        -- Backwards to the first that is there: an old one that was dropped isn't made again.
        FOR number IN REVERSE through / step + 1 .. 0 LOOP
            part := parent || '_' || number;
            EXIT WHEN to_regclass('public.' || part) IS NOT NULL;
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, parent);
            EXECUTE format(
                'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%s) TO (%s)',
                parent, part, number * step, (number + 1) * step
            );
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ledger_extend IS 'makes the partitions of the ledger up to one beyond an entry; what is there stays';
REVOKE EXECUTE ON FUNCTION ledger_extend FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_extend TO nsor_server;
SELECT ledger_extend(0);

GRANT SELECT, UPDATE ON ledger_head TO nsor_server;
GRANT SELECT ON ledger_epoch, ledger_epoch_cosignature, ledger_key TO nsor_server;
GRANT SELECT, INSERT ON ledger_witness, ledger_witness_retired, ledger_cosignature TO nsor_server;
GRANT SELECT, INSERT ON
    ledger_entry, ledger_detail, ledger_shown, ledger_record, ledger_checkpoint, ledger_tile
TO nsor_server;
GRANT SELECT ON ledger_record_deciding TO nsor_server;
