-- Monthly tables: what is shown of the counts of a month, and nothing that isn't shown. Insert-only; counted once.

CREATE TABLE statistics_month (
    statistics_id uuid PRIMARY KEY,
    first_index bigint NOT NULL CHECK (first_index >= 0),
    stop_index bigint NOT NULL CHECK (stop_index >= first_index),
    content bytea NOT NULL,
    counted_at timestamptz NOT NULL
);
COMMENT ON COLUMN statistics_month.statistics_id IS 'year and month in one number, such as 202610, as an id: it grows with time';
COMMENT ON COLUMN statistics_month.first_index IS 'of the first entry of the month';
COMMENT ON COLUMN statistics_month.stop_index IS 'of the entry behind its last one';
COMMENT ON COLUMN statistics_month.content IS 'nsor.storage.v1.StatisticsRecord';

GRANT SELECT, INSERT ON statistics_month TO nsor_server;
