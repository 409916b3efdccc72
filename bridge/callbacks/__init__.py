"""Use cases of the callback queue: what people do with a row, click-to-call, desk phones (BLF), voicemail (MWI)."""
