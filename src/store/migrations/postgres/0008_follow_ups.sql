-- Emergencies: each is declared once, by a ticket or in Slack before there is one. What happened to it afterwards are marks,
-- which are only added. What is missing of its documentation is what was seen at the last look.
CREATE TABLE emergencies (
    id TEXT PRIMARY KEY,
    issue_id TEXT,
    service TEXT,
    declaration TEXT NOT NULL,
    declared_at BIGINT NOT NULL,
    leads_needed BIGINT NOT NULL,
    missing TEXT NOT NULL,
    channel TEXT,
    root TEXT
);
CREATE UNIQUE INDEX emergency_of_ticket ON emergencies (issue_id);
CREATE INDEX emergencies_of_service ON emergencies (service, declared_at);

CREATE TABLE emergency_marks (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    emergency TEXT NOT NULL REFERENCES emergencies (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    detail TEXT NOT NULL,
    marked_at BIGINT NOT NULL,
    UNIQUE (emergency, kind, name)
);
CREATE TRIGGER emergency_marks_are_not_changed BEFORE UPDATE OR DELETE ON emergency_marks FOR EACH ROW EXECUTE FUNCTION refuse('what happened to an emergency is never changed');
CREATE TRIGGER emergency_marks_are_not_emptied BEFORE TRUNCATE ON emergency_marks EXECUTE FUNCTION refuse('what happened to an emergency is never changed');

-- Reminders: each step of each wait is taken once, whoever takes it.
CREATE TABLE reminders (
    subject TEXT NOT NULL,
    since BIGINT NOT NULL,
    step TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (subject, since, step)
);

-- Since when something is switched on.
CREATE TABLE switches (
    name TEXT PRIMARY KEY,
    since BIGINT NOT NULL
);
