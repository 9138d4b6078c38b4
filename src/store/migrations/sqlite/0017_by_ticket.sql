-- What is asked for by ticket or by time, and had to look at every row that there ever was.
CREATE INDEX decisions_by_key ON decisions (ticket_key, evaluation);
CREATE INDEX gate_outcomes_of_ticket ON gate_outcomes (issue_id);
CREATE INDEX gate_uses_by_time ON gate_uses (used_at);
