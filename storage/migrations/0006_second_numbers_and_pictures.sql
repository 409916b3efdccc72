-- "Call my wife at ...": where else the customer of a row can be reached. Of a text: did a picture come with it?

ALTER TABLE callback ADD COLUMN second TEXT CHECK (second GLOB '+[0-9]*');
CREATE INDEX callback_second ON callback (second) WHERE second IS NOT NULL;
ALTER TABLE reply ADD COLUMN picture INTEGER NOT NULL DEFAULT 0 CHECK (picture IN (0, 1));
