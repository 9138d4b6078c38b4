-- When what an approved ticket allows for a time ends: as the ticket said at the last look.
CREATE TABLE ends (
    issue_id TEXT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (issue_id, due)
);
CREATE INDEX ends_by_time ON ends (due);
