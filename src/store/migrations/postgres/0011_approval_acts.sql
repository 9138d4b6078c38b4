-- What people did to a ticket that matters to its approval, as another system wrote it down: who approved, declined, edited.
-- One row an act, known by where it is written. What was refused when it came stays here with the reason, and never counts.
CREATE TABLE approval_acts (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id TEXT NOT NULL,
    way TEXT NOT NULL,
    source TEXT NOT NULL,
    account TEXT,
    deed TEXT NOT NULL,
    acted_at BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    seen TEXT NOT NULL,
    refused TEXT,
    noted_at BIGINT NOT NULL,
    UNIQUE (issue_id, way, source)
);

-- Comments with a command that was dealt with: each is answered once.
CREATE TABLE answered_comments (
    issue_id TEXT NOT NULL,
    comment_id TEXT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (issue_id, comment_id)
);

-- Who gave an approval, and in which role; the approval is known by its mark.
CREATE TABLE approvers (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    approved_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL
);
CREATE INDEX approvers_of_approval ON approvers (issue_id, commit_sha, approved_at);

CREATE TRIGGER acts_are_not_changed BEFORE UPDATE OR DELETE ON approval_acts FOR EACH ROW EXECUTE FUNCTION refuse('what people did is never changed');
CREATE TRIGGER acts_are_not_emptied BEFORE TRUNCATE ON approval_acts EXECUTE FUNCTION refuse('what people did is never changed');
CREATE TRIGGER approvers_are_not_changed BEFORE UPDATE OR DELETE ON approvers FOR EACH ROW EXECUTE FUNCTION refuse('approvals are never changed');
CREATE TRIGGER approvers_are_not_emptied BEFORE TRUNCATE ON approvers EXECUTE FUNCTION refuse('approvals are never changed');
