-- Tickets that are made for what somebody asked for in Slack: when Jira was last asked for one, and the ticket once it is known.
CREATE TABLE wishes (
    delivery TEXT PRIMARY KEY,
    tried_at BIGINT NOT NULL,
    ticket_key TEXT
);
