-- What vouches for a policy: the signatures of both files and the allowed signers, as they stood. Nothing: there were none.
ALTER TABLE policies ADD COLUMN criteria_signature TEXT;
ALTER TABLE policies ADD COLUMN people_signature TEXT;
ALTER TABLE policies ADD COLUMN allowed_signers TEXT;

-- Activations: since when which policy was in force. Never changed.
CREATE TABLE policy_activations (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES policies (digest),
    activated_at BIGINT NOT NULL
);
CREATE TRIGGER policy_activations_are_not_changed BEFORE UPDATE OR DELETE ON policy_activations FOR EACH ROW EXECUTE FUNCTION refuse('activations are never changed');
CREATE TRIGGER policy_activations_are_not_emptied BEFORE TRUNCATE ON policy_activations EXECUTE FUNCTION refuse('activations are never changed');
