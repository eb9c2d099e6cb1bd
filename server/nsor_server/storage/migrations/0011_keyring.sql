-- Which keys the keyring must have. With a keyring from before a rotation, whoever was entered since would not be found, and
-- every look-up of him would be answered "no record", truthfully signed.

CREATE TABLE keyring_version (
    version integer PRIMARY KEY CHECK (version >= 1),
    key_ids text[] NOT NULL,
    primary_ids text[] NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE keyring_version IS 'written by nsor-server keys rotate, as the owner; the greatest version counts';
COMMENT ON COLUMN keyring_version.key_ids IS 'use and id of each key, such as "blind cnic 1234567"; no secret';
COMMENT ON COLUMN keyring_version.primary_ids IS 'those of them with which new values are made';

GRANT SELECT ON keyring_version TO nsor_server;
