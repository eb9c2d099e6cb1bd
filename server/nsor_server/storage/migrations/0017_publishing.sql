-- The log in its standard form is published by a process of its own, with a role that opens nothing and changes nothing: it
-- reads the leaves and what is derived from them, and who may have them, and adds counts of what was fetched.

CREATE TABLE tile_fetch (
    agency_id text NOT NULL,
    serial text NOT NULL,
    hour timestamptz NOT NULL DEFAULT date_trunc('hour', clock_timestamp(), 'UTC'),
    checkpoints integer NOT NULL CHECK (checkpoints >= 0),
    tiles integer NOT NULL CHECK (tiles >= 0),
    bundles integer NOT NULL CHECK (bundles >= 0),
    refused integer NOT NULL CHECK (refused >= 0)
);
COMMENT ON TABLE tile_fetch IS 'what was fetched of the log at once, added before it is answered; an entry follows for each hour';
COMMENT ON COLUMN tile_fetch.agency_id IS 'empty: whose certificate names no agency';
COMMENT ON COLUMN tile_fetch.serial IS 'of the certificate, as in the table certificate; empty: it has none that is known';
COMMENT ON COLUMN tile_fetch.hour IS 'its beginning, by the database''s clock: whoever adds a row can''t choose it';
COMMENT ON COLUMN tile_fetch.refused IS 'what was asked for and not given, by rights, rate or because there is no such path';
CREATE INDEX tile_fetch_of_hour ON tile_fetch (hour, agency_id, serial);

CREATE TABLE tile_fetch_hour (
    count_id uuid PRIMARY KEY,
    agency_id text NOT NULL,
    serial text NOT NULL,
    hour timestamptz NOT NULL,
    checkpoints bigint NOT NULL,
    tiles bigint NOT NULL,
    bundles bigint NOT NULL,
    refused bigint NOT NULL,
    UNIQUE (hour, agency_id, serial)
);
COMMENT ON TABLE tile_fetch_hour IS 'the sums of tile_fetch by certificate and hour, each written by an entry when the hour is over';
COMMENT ON COLUMN tile_fetch_hour.count_id IS 'from agency, serial and hour';

GRANT INSERT (agency_id, serial, checkpoints, tiles, bundles, refused) ON tile_fetch TO nsor_publisher;
GRANT SELECT ON migration, ledger_head, ledger_record_deciding, ledger_checkpoint, ledger_cosignature, ledger_tile
    TO nsor_publisher;
GRANT SELECT (index, leaf) ON ledger_entry TO nsor_publisher;
-- What decides, all of it: it is obeyed only when all of it gives the hash that was signed.
GRANT SELECT ON agency, agency_state, certificate, certificate_revocation, officer, officer_disabled, event_consumer,
    event_consumer_disabled, focal_person, focal_person_disabled, ledger_epoch, ledger_epoch_cosignature, ledger_key, keyring_version,
    policy_proposal, policy_proposal_withdrawal, policy_version, ledger_witness, ledger_witness_retired, register_seal
    TO nsor_publisher;
GRANT SELECT ON tile_fetch, tile_fetch_hour TO nsor_server;
GRANT INSERT ON tile_fetch_hour TO nsor_server;
