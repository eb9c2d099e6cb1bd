-- The policy that decides, as documents: each in its canonical form, JSON. What is in force is, of each name, the newest. The first
-- of each name is what the register began with; each later one is the decision of two officers of the National Police Bureau.

CREATE TABLE policy_proposal (
    proposal_id bytea PRIMARY KEY CHECK (octet_length(proposal_id) = 16),
    name text NOT NULL,
    base_version bigint NOT NULL,
    content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 262144),
    agency_id text NOT NULL REFERENCES agency,
    officer_key bytea NOT NULL CHECK (octet_length(officer_key) = 32),
    proposed_at timestamptz NOT NULL
);
COMMENT ON COLUMN policy_proposal.base_version IS 'version of the policy that was in force; under another one the proposal is outdated';

CREATE TABLE policy_version (
    name text NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 262144),
    proposal_id bytea UNIQUE REFERENCES policy_proposal,
    officer_key bytea CHECK (octet_length(officer_key) = 32),
    adopted_at timestamptz NOT NULL,
    PRIMARY KEY (name, version)
);
COMMENT ON COLUMN policy_version.version IS 'of the whole policy: each decision raises it by one';
COMMENT ON COLUMN policy_version.digest IS 'SHA-256 of name, a zero byte and content';
COMMENT ON COLUMN policy_version.proposal_id IS 'what was adopted; null for a document that the register began with';
COMMENT ON COLUMN policy_version.officer_key IS 'who adopted it, another officer than who proposed it';

CREATE TABLE policy_proposal_withdrawal (
    proposal_id bytea PRIMARY KEY REFERENCES policy_proposal,
    officer_key bytea NOT NULL CHECK (octet_length(officer_key) = 32),
    withdrawn_at timestamptz NOT NULL
);
COMMENT ON COLUMN policy_proposal_withdrawal.officer_key IS 'who withdrew it: the officer who proposed it';

GRANT SELECT, INSERT ON policy_proposal, policy_version, policy_proposal_withdrawal TO nsor_server;
