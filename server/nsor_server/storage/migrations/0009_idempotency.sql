-- One row per write that carried a request_id: a repeated request gets its first answer, another one under the
-- same id is refused.

CREATE TABLE idempotency (
    agency_id text NOT NULL,
    method text NOT NULL,
    request_id uuid NOT NULL,
    kept bytea NOT NULL,
    access_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (agency_id, method, request_id)
);
-- The hash is sealed as well: in the clear it would confirm a guessed CNIC to whoever has a dump.
COMMENT ON COLUMN idempotency.kept IS 'sealed: SHA-256 of the request, then the serialized response';

GRANT SELECT, INSERT ON idempotency TO nsor_server;
