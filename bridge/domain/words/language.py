"""In which language did a customer write? Only as far as our own answers have one."""

import re
from collections.abc import Iterable

from bridge.domain.office.templates import Language
from bridge.domain.plain import plain

_SPOKEN = {
    Language.EN: """
        am and are at basement bathroom be been broken call can come could do does for from get have heat hello help
        hi hot how i in is it just kitchen leak leaking my need not of on our out please roof send somebody someone
        thanks that the there this to today tomorrow too urgent was water we what when will with won working would
        yes you your
    """,
    Language.ES: """
        agua ahora alto aqui ayer ayuda bano basta buenas bueno buenos calefaccion calle cocina con cuando dias
        electricidad emergencia en es esta estan este estoy favor fuga funciona gotea gracias hace hay hola hoy
        inunda inundado llamar luz madre manana mas me mensajes mi mis muy necesito nos para pero por puede pueden
        que quiero respuesta roto sale saliendo se si sin sotano su techo tenemos tengo tiene tuberia un una urgente
        y ya
    """,
}
WORDS = {language: frozenset(words.split()) for language, words in _SPOKEN.items()}
"""Without articles and saints: they stand in the names of streets and towns everywhere."""

_ARTICLE = re.compile(r"\b(?:el|la|los|las|del|de) (?=[a-zñ])")
"""Before a small letter it belongs to no name."""

_WORD = re.compile(r"[a-z]+")
LOOKED_AT = 2000


def of(texts: Iterable[str], otherwise: Language) -> Language:
    """The language most of these words are of; `otherwise` where they do not tell."""
    written = plain("\n".join(texts)[:LOOKED_AT])
    words = _WORD.findall(written.casefold())
    votes = {language: sum(word in known for word in words) for language, known in WORDS.items()}
    votes[Language.ES] += len(_ARTICLE.findall(written))
    best = max(votes, key=lambda language: votes[language])
    return best if list(votes.values()).count(votes[best]) == 1 else otherwise
