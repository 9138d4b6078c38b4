-- Where a pipeline wants to be told that its request has changed, and what it was told last.
CREATE TABLE gate_callbacks (
    request_id TEXT PRIMARY KEY REFERENCES gate_requests (id),
    address TEXT NOT NULL,
    told TEXT NOT NULL
);
