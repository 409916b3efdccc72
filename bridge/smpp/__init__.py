"""SMPP 3.4: codec, session, receipts and parts are pure; the client moves the bytes."""
