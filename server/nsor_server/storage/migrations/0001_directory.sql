-- Agencies, their certificates, their officers. Agencies and certificates are written by operators' commands
-- (as the owner), officers by the server. All rows here decide who may do what: they are only ever added, each by an entry
-- of the ledger that holds its hash, and the server obeys them only if all of them give the hash that was signed.

CREATE TABLE agency (
    agency_id text PRIMARY KEY CHECK (agency_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    kind smallint NOT NULL,
    name_en text NOT NULL,
    name_ur text NOT NULL,
    jurisdiction text[] NOT NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    court_kinds smallint[] NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN agency.kind IS 'enum nsor.v1.AgencyKind';
COMMENT ON COLUMN agency.jurisdiction IS 'place codes; an agency may act for each and for what lies within';
COMMENT ON COLUMN agency.court_kinds IS 'enum nsor.v1.CourtKind; an agency of kind COURT has one or more, any other has none';

CREATE TABLE agency_state (
    agency_id text NOT NULL REFERENCES agency,
    version integer NOT NULL CHECK (version >= 1),
    enabled boolean NOT NULL,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (agency_id, version)
);
COMMENT ON TABLE agency_state IS 'the greatest version counts; an agency without one is enabled';

-- No foreign key to agency: the CA's index is imported whole, and may name an agency that is added later.
CREATE TABLE certificate (
    serial text PRIMARY KEY CHECK (serial ~ '^[0-9a-f]{1,40}$'),
    agency_id text NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL CHECK (not_after > not_before),
    imported_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN certificate.serial IS 'lower-case hex without leading zeros';
COMMENT ON COLUMN certificate.fingerprint IS 'SHA-256 of the DER certificate';
CREATE INDEX certificate_agency ON certificate (agency_id);

CREATE TABLE certificate_revocation (
    serial text PRIMARY KEY CHECK (serial ~ '^[0-9a-f]{1,40}$'),
    reason text NOT NULL,
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN certificate_revocation.reason IS 'reason code of RFC 5280, section 5.3.1, by name';

CREATE TABLE officer (
    key_id bytea PRIMARY KEY CHECK (octet_length(key_id) = 32),
    agency_id text NOT NULL REFERENCES agency,
    officer_number text NOT NULL,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    jurisdiction text[] NOT NULL,
    grade smallint NOT NULL,
    enrolled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    access_id uuid NOT NULL,
    kind smallint NOT NULL DEFAULT 1 CHECK (kind IN (1, 2)),
    decides boolean NOT NULL DEFAULT false,
    own_key_id bigint,
    own_number bytea CHECK (octet_length(own_number) = 32),
    enrolled_by bytea NOT NULL CHECK (octet_length(enrolled_by) = 32),
    seconded_by bytea CHECK (octet_length(seconded_by) = 32),
    UNIQUE (agency_id, officer_number, key_id),
    CHECK (kind = 1 OR NOT decides),
    CHECK ((own_number IS NULL) = (own_key_id IS NULL))
);
COMMENT ON COLUMN officer.key_id IS 'SHA-256 of the raw Ed25519 public key';
COMMENT ON COLUMN officer.kind IS 'enum nsor.v1.KeyKind';
COMMENT ON COLUMN officer.decides IS 'whether the officer may sign decisions';
COMMENT ON COLUMN officer.own_key_id IS 'id of the key of own_number, an unsigned 32-bit number';
COMMENT ON COLUMN officer.own_number IS 'keyed hash of the CNIC that was given as the officer''s own; one CNIC has one value. NULL: none was given';
COMMENT ON COLUMN officer.enrolled_by IS 'key id of the focal person who has signed first';
COMMENT ON COLUMN officer.seconded_by IS 'key id of the focal person who has signed second; NULL: nobody has';
CREATE INDEX officer_own_number ON officer (own_number);

-- A key that was disabled for an ordinary reason may turn out to have been known to others: then it has a second row.
CREATE TABLE officer_disabled (
    key_id bytea NOT NULL REFERENCES officer,
    version smallint NOT NULL DEFAULT 1 CHECK (version IN (1, 2)),
    agency_id text NOT NULL,
    reason smallint NOT NULL,
    decided_by bytea NOT NULL CHECK (octet_length(decided_by) = 32),
    seconded_by bytea CHECK (octet_length(seconded_by) = 32),
    disabled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    access_id uuid NOT NULL,
    PRIMARY KEY (key_id, version)
);
COMMENT ON COLUMN officer_disabled.reason IS 'enum nsor.v1.DisableReason; what a compromised key has opened counts no more';
COMMENT ON COLUMN officer_disabled.decided_by IS 'key id of the focal person who has signed first, or the key itself';
COMMENT ON COLUMN officer_disabled.seconded_by IS 'key id of the focal person who has signed second; NULL: nobody has';

-- What of an agency's events each of its systems follows. A name is used once, so that it needs no version.
CREATE TABLE event_consumer (
    consumer_id uuid PRIMARY KEY,
    agency_id text NOT NULL REFERENCES agency,
    consumer text NOT NULL,
    places text[] NOT NULL,
    kinds smallint[] NOT NULL,
    decided_by bytea NOT NULL CHECK (octet_length(decided_by) = 32),
    enrolled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    access_id uuid NOT NULL,
    UNIQUE (agency_id, consumer)
);
COMMENT ON COLUMN event_consumer.consumer IS 'its name: the number of the system that follows';
COMMENT ON COLUMN event_consumer.places IS 'place codes; empty: events of all places and of none';
COMMENT ON COLUMN event_consumer.kinds IS 'enum nsor.v1.EventKind; empty: all';
COMMENT ON COLUMN event_consumer.decided_by IS 'key id of the focal person who has signed';

CREATE TABLE event_consumer_disabled (
    consumer_id uuid PRIMARY KEY REFERENCES event_consumer,
    agency_id text NOT NULL,
    decided_by bytea NOT NULL CHECK (octet_length(decided_by) = 32),
    disabled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    access_id uuid NOT NULL
);

-- The steps that have sealed and unsealed the register, in their order: the last one says how it stands.
CREATE TABLE register_seal (
    seal_id uuid NOT NULL,
    version integer PRIMARY KEY CHECK (version > 0),
    step smallint NOT NULL CHECK (step BETWEEN 1 AND 5),
    proposal_id uuid NOT NULL,
    reason smallint NOT NULL,
    agency_id text NOT NULL REFERENCES agency,
    officer_key bytea NOT NULL CHECK (octet_length(officer_key) = 32),
    signed bytea NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN register_seal.seal_id IS 'the seal that the step sets, or takes off';
COMMENT ON COLUMN register_seal.version IS 'the steps are numbered from 1, whatever seal they are about';
COMMENT ON COLUMN register_seal.step IS '1: to seal was proposed, 2: sealed, 3: to unseal was proposed, 4: seconded, 5: unsealed';
COMMENT ON COLUMN register_seal.reason IS 'enum nsor.v1.RegisterSealReason; 0 of steps that unseal';
COMMENT ON COLUMN register_seal.signed IS 'what the officer has signed: nsor.storage.v1.SignedCall, or a statement in a file';

GRANT SELECT ON register_seal TO nsor_server;
GRANT INSERT ON register_seal TO nsor_server;
GRANT SELECT ON agency, agency_state, certificate, certificate_revocation, officer, officer_disabled, event_consumer,
    event_consumer_disabled TO nsor_server;
GRANT INSERT ON officer, officer_disabled, event_consumer, event_consumer_disabled TO nsor_server;
