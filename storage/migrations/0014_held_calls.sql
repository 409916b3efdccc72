-- Calls whose text waits for the morning: looked for all day long.

CREATE INDEX call_held ON call (id) WHERE text_why = 'held';
