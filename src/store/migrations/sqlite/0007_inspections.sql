-- Inspections: what there was to inspect of each month, fixed before anybody could know what would be drawn. Never changed.
CREATE TABLE inspection_populations (
    month TEXT PRIMARY KEY,
    members TEXT NOT NULL,
    root TEXT NOT NULL,
    closed_at BIGINT NOT NULL
);

-- Draws. Another draw of a month is another row with its reason, and takes nothing back.
CREATE TABLE inspection_draws (
    month TEXT NOT NULL REFERENCES inspection_populations (month),
    draw BIGINT NOT NULL,
    entropy TEXT NOT NULL,
    brought_by TEXT NOT NULL,
    reason TEXT,
    size BIGINT NOT NULL,
    tickets TEXT NOT NULL,
    drawn_at BIGINT NOT NULL,
    PRIMARY KEY (month, draw)
);

-- What inspectors found; the newest of a ticket counts, the older ones stay.
CREATE TABLE inspection_results (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    month TEXT NOT NULL REFERENCES inspection_populations (month),
    ticket_key TEXT NOT NULL,
    result TEXT NOT NULL,
    note TEXT NOT NULL,
    inspector TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX inspection_results_of_month ON inspection_results (month, seq);

CREATE TRIGGER inspection_populations_are_not_updated BEFORE UPDATE ON inspection_populations BEGIN SELECT RAISE(ABORT, 'inspections are only appended to'); END;
CREATE TRIGGER inspection_populations_are_not_deleted BEFORE DELETE ON inspection_populations BEGIN SELECT RAISE(ABORT, 'inspections are only appended to'); END;
CREATE TRIGGER inspection_draws_are_not_updated BEFORE UPDATE ON inspection_draws BEGIN SELECT RAISE(ABORT, 'inspections are only appended to'); END;
CREATE TRIGGER inspection_draws_are_not_deleted BEFORE DELETE ON inspection_draws BEGIN SELECT RAISE(ABORT, 'inspections are only appended to'); END;
CREATE TRIGGER inspection_results_are_not_updated BEFORE UPDATE ON inspection_results BEGIN SELECT RAISE(ABORT, 'inspections are only appended to'); END;
CREATE TRIGGER inspection_results_are_not_deleted BEFORE DELETE ON inspection_results BEGIN SELECT RAISE(ABORT, 'inspections are only appended to'); END;
