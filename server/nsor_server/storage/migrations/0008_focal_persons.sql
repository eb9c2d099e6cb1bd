-- Focal persons, who decide on the keys of their agencies' officers and systems. Written by operators' commands alone (as the
-- owner): the server could otherwise be made to enter whoever enrols officers.

CREATE TABLE focal_person (
    key_id bytea PRIMARY KEY CHECK (octet_length(key_id) = 32),
    agency_id text NOT NULL REFERENCES agency,
    officer_number text NOT NULL,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    own_key_id bigint NOT NULL,
    own_number bytea NOT NULL CHECK (octet_length(own_number) = 32),
    entered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN focal_person.key_id IS 'SHA-256 of the raw Ed25519 public key; never an officer''s';
COMMENT ON COLUMN focal_person.own_key_id IS 'id of the key of own_number, an unsigned 32-bit number';
COMMENT ON COLUMN focal_person.own_number IS 'keyed hash of the focal person''s own CNIC, as of an officer''s';
CREATE INDEX focal_person_agency ON focal_person (agency_id);

CREATE TABLE focal_person_disabled (
    key_id bytea PRIMARY KEY REFERENCES focal_person,
    agency_id text NOT NULL,
    disabled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT ON focal_person, focal_person_disabled TO nsor_server;
