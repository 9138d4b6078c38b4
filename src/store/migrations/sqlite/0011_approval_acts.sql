-- What people did to a ticket that matters to its approval, as another system wrote it down: who approved, declined, edited.
-- One row an act, known by where it is written. What was refused when it came stays here with the reason, and never counts.
CREATE TABLE approval_acts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
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
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    approved_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL
);
CREATE INDEX approvers_of_approval ON approvers (issue_id, commit_sha, approved_at);

CREATE TRIGGER acts_are_not_updated BEFORE UPDATE ON approval_acts BEGIN SELECT RAISE(ABORT, 'what people did is never changed'); END;
CREATE TRIGGER acts_are_not_deleted BEFORE DELETE ON approval_acts BEGIN SELECT RAISE(ABORT, 'what people did is never changed'); END;
CREATE TRIGGER approvers_are_not_updated BEFORE UPDATE ON approvers BEGIN SELECT RAISE(ABORT, 'approvals are never changed'); END;
CREATE TRIGGER approvers_are_not_deleted BEFORE DELETE ON approvers BEGIN SELECT RAISE(ABORT, 'approvals are never changed'); END;
