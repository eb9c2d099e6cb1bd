-- The role of the operators' console (`nsor-server console`): what it shows, and nothing that is sealed. It writes nothing.

GRANT SELECT ON ledger_head, ledger_entry, ledger_checkpoint, agency, agency_state, certificate, certificate_revocation
    TO nsor_console;
GRANT SELECT (agency_id, key_id) ON officer TO nsor_console;
GRANT SELECT (key_id) ON officer_disabled TO nsor_console;
