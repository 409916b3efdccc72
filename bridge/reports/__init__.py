"""Use cases of looking back: digest, figures, retention (GDPR: forget, export)."""
