-- Manifests of flights and crossings, and by what their passengers are found.

-- A passenger is found by a number and the date of birth together, and by neither alone: otherwise the time of an answer would
-- tell that a number is registered whose date is another one. Of a registration the rows of its newest version count.
CREATE TABLE registration_screened (
    registration_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    blind bytea NOT NULL CHECK (octet_length(blind) = 32),
    PRIMARY KEY (kind, key_id, blind, registration_id, version)
);
CREATE INDEX registration_screened_newest ON registration_screened (registration_id, version);
COMMENT ON COLUMN registration_screened.version IS 'version of the registration that began this set';
COMMENT ON COLUMN registration_screened.kind IS 'enum nsor.v1.IdentifierKind; 0: the one row of a set that finds nobody';
COMMENT ON COLUMN registration_screened.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';

GRANT SELECT, INSERT ON registration_screened TO nsor_server;
