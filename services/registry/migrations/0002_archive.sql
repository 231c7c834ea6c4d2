-- Records that are archived: readable as before, left out of lists, not to be updated until restored.

ALTER TABLE programme ADD COLUMN archived_at timestamptz; -- NULL: not archived
ALTER TABLE city ADD COLUMN archived_at timestamptz;      -- NULL: not archived
