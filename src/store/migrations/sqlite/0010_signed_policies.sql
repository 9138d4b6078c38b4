-- What vouches for a policy: the signatures of both files and the allowed signers, as they stood. Nothing: there were none.
ALTER TABLE policies ADD COLUMN criteria_signature TEXT;
ALTER TABLE policies ADD COLUMN people_signature TEXT;
ALTER TABLE policies ADD COLUMN allowed_signers TEXT;

-- Activations: since when which policy was in force. Never changed.
CREATE TABLE policy_activations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL REFERENCES policies (digest),
    activated_at BIGINT NOT NULL
);
CREATE TRIGGER policy_activations_are_not_updated BEFORE UPDATE ON policy_activations BEGIN SELECT RAISE(ABORT, 'activations are never changed'); END;
CREATE TRIGGER policy_activations_are_not_deleted BEFORE DELETE ON policy_activations BEGIN SELECT RAISE(ABORT, 'activations are never changed'); END;
