-- A learned landline is forgotten after a while. What was learned so far came from any failure whatever: it ends now,
-- but for numbers whose texts failed on more than one day.
ALTER TABLE landline ADD COLUMN expires_at INTEGER;

CREATE TEMP TABLE repeated AS
SELECT l.id, max(p.ended_at) AS failed_at
FROM landline l JOIN message m ON m.number = l.number AND m.kind NOT IN ('staff', 'test')
     JOIN message_part p ON p.message_id = m.id AND p.state = 'failed'
WHERE l.ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM message o JOIN message_part d ON d.message_id = o.id
                      WHERE o.number = l.number AND d.state = 'delivered' AND d.ended_at > p.ended_at)
GROUP BY l.id HAVING max(p.ended_at) - min(p.ended_at) >= 20 * 3600000;

INSERT INTO audit (at, who, what, subject, subject_id, version, detail)
SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000, 'textback',
       CASE WHEN id IN (SELECT id FROM repeated) THEN 'landline.learned' ELSE 'landline.expired' END,
       'landline', id, version + 1, json_object('why', 'upgrade')
FROM landline WHERE ended_at IS NULL;

UPDATE landline SET version = version + 1,
       expires_at = (SELECT failed_at + 183 * 86400000 FROM repeated r WHERE r.id = landline.id),
       ended_at = CASE WHEN id IN (SELECT id FROM repeated) THEN NULL
                       ELSE CAST(strftime('%s', 'now') AS INTEGER) * 1000 END
WHERE ended_at IS NULL;

DROP TABLE repeated;

-- A receipt whose code says of the number that it takes no texts, as the gateway's table has it.
ALTER TABLE receipt ADD COLUMN landline INTEGER NOT NULL DEFAULT 0 CHECK (landline IN (0, 1));

CREATE INDEX message_part_settled ON message_part (ended_at) WHERE state IN ('delivered', 'failed');
