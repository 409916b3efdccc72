-- Whose network may hold our alerts back: looked for by every page.

CREATE INDEX reply_staff_stop ON reply (number, id) WHERE role = 'staff' AND word = 'stop';
