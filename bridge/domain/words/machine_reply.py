"""Texts that no person wrote just now: phones of drivers, absence notes, other companies' machines.

They are stored and shown like any other text, and never answered: two machines would go on for ever.
"""

import re
from unicodedata import normalize

_PATTERNS = (
    r"auto(mat(ed|ic|ically))?[- ]?(repl|respon|answer|generated|messag|sent)",
    r"i'?m (currently |now )?driving|i am (currently )?driving|while driving|driving (focus|mode)",
    r"not receiving notifications|to send a notification",
    r"out of (the )?office|on vacation (until|through)|away from (my|the) (phone|desk)",
    r"(can'?t|cannot|unable to) (talk|answer|take (your|the) call|come to the phone) (right now|at the moment)",
    r"(mailbox|inbox|number|line) is (not|un)( ?being)? ?monitored|do not (reply|respond) to this",
    r"(msg|message)s? ?(&|and) ?data rates|(reply|text) (stop|help) (to|for)",
    r"(we|your (message|text)) (have |has )?(been )?received( your (message|text))?[.,!]? (and )?(we|our|someone)",
    r"(office|business|opening) hours are",
    r"(message|text) (was |could )?not (be )?delivered|undeliverable|delivery (has )?failed",
    r"respuesta automatica|mensaje automatico|(estoy|voy) (conduciendo|manejando)|fuera de la oficina",
    r"no puedo (hablar|contestar|atender|responder) (ahora|en este momento)",
)
_AUTOMATIC = re.compile("|".join(rf"\b(?:{pattern})" for pattern in _PATTERNS))
LOOKED_AT = 1000
"""Characters: a machine says what it is at its beginning."""


def is_automatic(text: str) -> bool:
    """Does it read like a machine's? A mistake costs the customer a receipt, never a person's eyes."""
    folded = normalize("NFKD", text[:LOOKED_AT]).encode("ascii", "ignore").decode().casefold()
    return _AUTOMATIC.search(" ".join(folded.split())) is not None
