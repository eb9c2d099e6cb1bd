-- Manifests of flights and crossings, and by what their passengers are found.

-- A passenger is found by a number and the date of birth together, and by neither alone: otherwise the time of an answer would
-- tell that a number is registered whose date is another one. Of a registration the rows of its newest version count.
CREATE TABLE registration_screened (
    registration_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    blind uuid NOT NULL,
    PRIMARY KEY (blind, registration_id, version)
);
CREATE INDEX registration_screened_newest ON registration_screened (registration_id, version);
COMMENT ON COLUMN registration_screened.version IS 'version of the registration that began this set';
COMMENT ON COLUMN registration_screened.kind IS 'enum nsor.v1.IdentifierKind; 0: the one row of a set that finds nobody';
COMMENT ON COLUMN registration_screened.blind IS 'the first half of the blind index: 16 bytes, of which PostgreSQL compares two in the least time';
COMMENT ON COLUMN registration_screened.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';

GRANT SELECT, INSERT ON registration_screened TO nsor_server;

-- Manifests. None names anybody; whose it is and where says who may screen by it.
CREATE TABLE manifest (
    manifest_id uuid PRIMARY KEY,
    agency_id text NOT NULL,
    place text NOT NULL,
    border_crossing smallint NOT NULL,
    direction smallint NOT NULL,
    carrier_code text NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    scheduled_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    forgotten_at timestamptz NOT NULL,
    persons smallint NOT NULL CHECK (persons >= 1),
    created_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX manifest_over ON manifest (closes_at, manifest_id);
COMMENT ON COLUMN manifest.manifest_id IS 'the first half of a hash of agency, crossing, direction, carrier, number and day: one is declared once';
COMMENT ON COLUMN manifest.place IS 'where the crossing lies, by the policy of then';
COMMENT ON COLUMN manifest.border_crossing IS 'enum nsor.v1.BorderCrossing';
COMMENT ON COLUMN manifest.direction IS 'enum nsor.v1.MovementDirection';
COMMENT ON COLUMN manifest.forgotten_at IS 'from when on its key is deleted';
COMMENT ON COLUMN manifest.sealed IS 'nsor.storage.v1.ManifestRecord under the manifest''s data key';

-- Who stands under which number of a manifest, 500 numbers to a block; the newest version says everything. Most passengers aren't
-- registered, so each manifest has a key of its own, which is deleted some days after it has ended.
CREATE TABLE manifest_block (
    block_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    manifest_id uuid NOT NULL,
    block smallint NOT NULL CHECK (block >= 0),
    screened smallint NOT NULL CHECK (screened >= 1),
    sealed bytea NOT NULL,
    PRIMARY KEY (block_id, version)
);
CREATE INDEX manifest_block_of ON manifest_block (manifest_id, block, version DESC);
COMMENT ON COLUMN manifest_block.screened IS 'how many rows stand in it';
COMMENT ON COLUMN manifest_block.block_id IS 'the first half of a hash of manifest and block';
COMMENT ON COLUMN manifest_block.sealed IS 'nsor.storage.v1.ManifestBlockRecord under the manifest''s data key';

CREATE TABLE manifest_key (
    manifest_id uuid PRIMARY KEY,
    forgotten_at timestamptz NOT NULL,
    wrapped bytea NOT NULL
);
CREATE INDEX manifest_key_forgotten ON manifest_key (forgotten_at);
COMMENT ON COLUMN manifest_key.wrapped IS 'the data key of a manifest under the sealing keyset';

GRANT SELECT, INSERT ON manifest, manifest_block TO nsor_server;
GRANT SELECT, INSERT, DELETE ON manifest_key TO nsor_server;
