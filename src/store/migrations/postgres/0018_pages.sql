-- What people decided on cm-bot's pages: one row a form that somebody sent who had signed in, with the decision that the form
-- showed. It is noted as an act when the ticket is looked at next, as a comment in Jira is.
CREATE TABLE words_on_pages (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id TEXT NOT NULL,
    delivery TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    deed TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    decision_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL
);
CREATE INDEX words_on_pages_of_ticket ON words_on_pages (issue_id);

CREATE TRIGGER page_words_are_not_changed BEFORE UPDATE OR DELETE ON words_on_pages FOR EACH ROW EXECUTE FUNCTION refuse('what people said is never changed');
CREATE TRIGGER page_words_are_not_emptied BEFORE TRUNCATE ON words_on_pages EXECUTE FUNCTION refuse('what people said is never changed');

-- Who has signed in on the pages. Of the cookie only the SHA-256 is here. A sign-in makes one session at most; it is known by
-- the SHA-256 of its state, and the row stays until the session would have ended, so that it makes no second one.
CREATE TABLE page_sessions (
    cookie_sha256 TEXT PRIMARY KEY,
    sign_in_sha256 TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    email TEXT,
    begun_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    signed_out_at BIGINT
);
