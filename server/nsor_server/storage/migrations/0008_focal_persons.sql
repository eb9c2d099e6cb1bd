-- Focal persons, who decide on the keys of their agencies' officers and systems. Written by operators' commands alone (as the
-- owner): the server could otherwise be made to enter whoever enrols officers.

CREATE TABLE focal_person (
    key_id bytea PRIMARY KEY CHECK (octet_length(key_id) = 32),
    agency_id text NOT NULL REFERENCES agency,
    officer_number text NOT NULL,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    entered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN focal_person.key_id IS 'SHA-256 of the raw Ed25519 public key; never an officer''s';
CREATE INDEX focal_person_agency ON focal_person (agency_id);

CREATE TABLE focal_person_disabled (
    key_id bytea PRIMARY KEY REFERENCES focal_person,
    agency_id text NOT NULL,
    disabled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT ON focal_person, focal_person_disabled TO nsor_server;
