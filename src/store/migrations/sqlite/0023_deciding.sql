-- Where people could decide beside Jira, and since when: as the settings said when a service started.
CREATE TABLE deciding_places (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    slack TEXT NOT NULL,
    pages TEXT NOT NULL,
    since BIGINT NOT NULL
);

CREATE TRIGGER deciding_places_are_not_updated BEFORE UPDATE ON deciding_places BEGIN SELECT RAISE(ABORT, 'where people could decide is never changed'); END;
CREATE TRIGGER deciding_places_are_not_deleted BEFORE DELETE ON deciding_places BEGIN SELECT RAISE(ABORT, 'where people could decide is never changed'); END;
