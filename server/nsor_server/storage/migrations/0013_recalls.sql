-- Recalls: whoever was told something of a registration is told again when it turns out wrong. Insert-only.

CREATE TABLE recall_order (
    made_by text COLLATE "C" NOT NULL,
    row_id uuid NOT NULL,
    version integer NOT NULL,
    registration_id uuid NOT NULL,
    PRIMARY KEY (made_by, row_id, version)
);
COMMENT ON TABLE recall_order IS 'rows after which something that was told of a registration is wrong, or right again: follows from them';
COMMENT ON COLUMN recall_order.made_by IS 'their table: of a version, of a claim by which a merge was undone, or of a decision that rejects a photo';

CREATE TABLE recall_pass (
    recall_pass_id uuid PRIMARY KEY,
    number bigint NOT NULL UNIQUE CHECK (number >= 1),
    due_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON TABLE recall_pass IS 'the entries by which recalls were written: at each fixed time one, also when there is none, and more where one would be too long';
COMMENT ON COLUMN recall_pass.due_at IS 'the fixed time';
COMMENT ON COLUMN recall_pass.sealed IS 'nsor.storage.v1.RecallPassRecord under the sealing keyset: how far orders are told';

CREATE TABLE recall (
    recall_id uuid PRIMARY KEY,
    agency_id text NOT NULL,
    acknowledge_by timestamptz NOT NULL,
    escalate_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON TABLE recall IS 'what agencies were shown and are told otherwise: one for each agency and case of its. Ids grow with time';
COMMENT ON COLUMN recall.sealed IS 'nsor.storage.v1.RecallRecord under the sealing keyset: the registration, and the accesses that showed it';
CREATE INDEX recall_agency ON recall (agency_id, recall_id);
CREATE INDEX recall_acknowledge_by ON recall (acknowledge_by);
CREATE INDEX recall_escalate_at ON recall (escalate_at);

CREATE TABLE recall_acknowledgement (
    recall_id uuid PRIMARY KEY REFERENCES recall,
    agency_id text NOT NULL,
    acknowledged_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON TABLE recall_acknowledgement IS 'recalls that an officer has acknowledged';
COMMENT ON COLUMN recall_acknowledgement.sealed IS 'nsor.storage.v1.RecallAcknowledgementRecord under the sealing keyset: who, and what he did';

GRANT SELECT, INSERT ON recall_order, recall_pass, recall, recall_acknowledgement TO nsor_server;
