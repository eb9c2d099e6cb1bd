-- Recalls: whoever was told something of a registration is told again when it turns out wrong. Insert-only.

CREATE TABLE recall_order (
    registration_id uuid NOT NULL,
    version integer NOT NULL,
    ordered_at timestamptz NOT NULL,
    PRIMARY KEY (registration_id, version)
);
COMMENT ON TABLE recall_order IS 'versions after which something that was told of a registration is wrong, or right again: follows from them';
COMMENT ON COLUMN recall_order.ordered_at IS 'when the version was written';
CREATE INDEX recall_order_time ON recall_order (ordered_at);

GRANT SELECT, INSERT ON recall_order TO nsor_server;
