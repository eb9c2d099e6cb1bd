-- The role of the operators' console (`nsor-server console`): what it shows, and nothing that is sealed. It writes nothing.

GRANT SELECT ON ledger_head, ledger_checkpoint, agency, agency_state, certificate, certificate_revocation
    TO nsor_console;
GRANT SELECT (agency_id, key_id) ON officer TO nsor_console;
GRANT SELECT (key_id) ON officer_disabled TO nsor_console;
-- Not named and case_label: by them entries that are about one person, or of one case, would be found to be so.
GRANT SELECT (index, access_id, officer, outcome, leaf) ON ledger_entry TO nsor_console;
