-- The role of the operators' console (`nsor-server console`): what it shows, and nothing that is sealed. It writes nothing.

GRANT SELECT ON ledger_head, ledger_checkpoint, ledger_tile, ledger_record_deciding TO nsor_console;
-- What decides, all of it, as for whoever publishes the log: by it who comes over the network is let in, and it is obeyed
-- only when all of it gives the hash that was signed.
GRANT SELECT ON agency, agency_state, certificate, certificate_revocation, officer, officer_disabled, event_consumer,
    event_consumer_disabled, focal_person, focal_person_disabled, ledger_epoch, ledger_epoch_cosignature, ledger_key, keyring_version,
    policy_proposal, policy_proposal_withdrawal, policy_version, ledger_witness, ledger_witness_retired, register_seal
    TO nsor_console;
-- Not named and case_label: by them entries that are about one person, or of one case, would be found to be so.
GRANT SELECT (index, access_id, officer, outcome, leaf) ON ledger_entry TO nsor_console;
