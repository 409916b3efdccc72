-- Where a caller left a message, and how long they were at the voicemail, greeting included (milliseconds).

ALTER TABLE call ADD COLUMN mailbox TEXT CHECK (mailbox NOT GLOB '*[^-A-Za-z0-9_.@]*' AND mailbox GLOB '?*@?*');
ALTER TABLE call ADD COLUMN at_voicemail INTEGER;
