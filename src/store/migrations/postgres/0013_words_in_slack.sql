-- What people decided in Slack: one row a form that Slack signed, known by its delivery, with the decision that the form
-- showed. It is noted as an act when the ticket is looked at next, as a comment in Jira is.
CREATE TABLE words_in_slack (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id TEXT NOT NULL,
    delivery TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    deed TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    decision_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL
);
CREATE INDEX words_of_ticket ON words_in_slack (issue_id);

CREATE TRIGGER words_are_not_changed BEFORE UPDATE OR DELETE ON words_in_slack FOR EACH ROW EXECUTE FUNCTION refuse('what people said is never changed');
CREATE TRIGGER words_are_not_emptied BEFORE TRUNCATE ON words_in_slack EXECUTE FUNCTION refuse('what people said is never changed');
