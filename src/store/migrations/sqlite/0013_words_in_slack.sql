-- What people decided in Slack: one row a form that Slack signed, known by its delivery, with the decision that the form
-- showed. It is noted as an act when the ticket is looked at next, as a comment in Jira is.
CREATE TABLE words_in_slack (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id TEXT NOT NULL,
    delivery TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    deed TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    decision_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL
);
CREATE INDEX words_of_ticket ON words_in_slack (issue_id);

CREATE TRIGGER words_are_not_updated BEFORE UPDATE ON words_in_slack BEGIN SELECT RAISE(ABORT, 'what people said is never changed'); END;
CREATE TRIGGER words_are_not_deleted BEFORE DELETE ON words_in_slack BEGIN SELECT RAISE(ABORT, 'what people said is never changed'); END;
