-- Access requests, a prosecutor's grants, and the uses of grants. Insert-only. Suspects are not convicted, so nothing
-- here says who they are, not even as a blind index: their CNICs are inside the seals only.

CREATE TABLE access_request_version (
    access_request_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    state smallint NOT NULL,
    agency_id text NOT NULL,
    district text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL,
    PRIMARY KEY (access_request_id, version)
);
COMMENT ON COLUMN access_request_version.state IS 'enum nsor.v1.AccessRequestState';
COMMENT ON COLUMN access_request_version.agency_id IS 'the agency that asks';
COMMENT ON COLUMN access_request_version.district IS 'district of the FIR''s police station: whose prosecution decides';
COMMENT ON COLUMN access_request_version.created_at IS 'when this version was written; nothing is decided by it';
COMMENT ON COLUMN access_request_version.sealed IS 'nsor.storage.v1.AccessRequestRecord under the sealing keyset';

CREATE TABLE access_grant (
    grant_id uuid PRIMARY KEY,
    access_request_id uuid NOT NULL UNIQUE,
    agency_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL
);
COMMENT ON COLUMN access_grant.agency_id IS 'the agency it was granted to';
COMMENT ON COLUMN access_grant.sealed IS 'nsor.storage.v1.GrantRecord under the sealing keyset';

CREATE TABLE grant_use (
    grant_id uuid NOT NULL REFERENCES access_grant,
    subject smallint NOT NULL CHECK (subject >= 0),
    use smallint NOT NULL CHECK (use >= 1),
    request_id uuid NOT NULL,
    request_hash bytea NOT NULL,
    access_id uuid NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (grant_id, subject, use),
    UNIQUE (grant_id, request_id)
);
COMMENT ON COLUMN grant_use.subject IS 'position of the CNIC in the sealed grant';
COMMENT ON COLUMN grant_use.use IS 'first, second, ... use for this subject';
-- In the clear it would confirm a guessed CNIC to whoever has a dump: all else in the request stands in this row.
COMMENT ON COLUMN grant_use.request_hash IS 'SHA-256 of the request, under the sealing keyset';

GRANT SELECT, INSERT ON access_request_version, access_grant, grant_use TO nsor_server;
