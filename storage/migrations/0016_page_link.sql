-- Whom the page is shown to before there are users: whoever opens a link that was printed on the machine itself. Coming
-- from this machine proves nothing, since a proxy does too.

CREATE TABLE page_link (
    digest    BLOB PRIMARY KEY,                 -- of what stands in the link, which is never stored
    made_at   INTEGER NOT NULL,
    browser   BLOB UNIQUE,                      -- the digest of the browser that opened it; NULL: nobody has yet
    opened_at INTEGER,
    CHECK ((browser IS NULL) = (opened_at IS NULL))
) STRICT, WITHOUT ROWID;
