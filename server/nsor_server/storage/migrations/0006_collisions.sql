-- What a registration claims once a court has confirmed it: the person's identifiers, its cases, and whether an earlier one has
-- an identifier already. Nothing stands here of what no court has confirmed: it claims nothing, and nobody finds it.

CREATE TABLE registration_identifier (
    registration_id uuid NOT NULL,
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    blind bytea NOT NULL CHECK (octet_length(blind) = 32),
    PRIMARY KEY (kind, key_id, blind, registration_id)
);
COMMENT ON COLUMN registration_identifier.kind IS '1 CNIC, 2 passport with its country';
COMMENT ON COLUMN registration_identifier.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';

-- A look-up that rests on a case finds the registrations of that case here, and touches no others.
CREATE TABLE registration_case (
    registration_id uuid NOT NULL,
    key_id bigint NOT NULL,
    blind bytea NOT NULL CHECK (octet_length(blind) = 32),
    PRIMARY KEY (blind, registration_id)
);
COMMENT ON TABLE registration_case IS 'FIRs and court cases of a registration''s convictions';
COMMENT ON COLUMN registration_case.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';

-- One row with every confirmation, whatever there is: its work, its rows and its leaf don't tell of a collision. A later version
-- is NPB's decision.
CREATE TABLE registration_claim (
    registration_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    cnic_held boolean NOT NULL,
    passport_held boolean NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (registration_id, version)
);
COMMENT ON COLUMN registration_claim.cnic_held IS 'an earlier confirmed registration has the CNIC: shown on its own case alone';
COMMENT ON COLUMN registration_claim.passport_held IS 'an earlier confirmed registration has one of the passports';
COMMENT ON COLUMN registration_claim.sealed IS 'nsor.storage.v1.ClaimRecord under the registration''s data key';

GRANT SELECT, INSERT ON registration_identifier, registration_case, registration_claim TO nsor_server;
