"""The provider's side of the trunk: customers who call in, and mobiles and customers who are called."""

from tests.lab.phone import Call, Phone

ADDRESS, SECOND = "127.0.0.2", "127.0.0.3"
CUSTOMER = "+31612345678"


class Trunk(Phone):
    """Its `manners` are those of whoever is called over the trunk."""

    def __init__(self, pbx: tuple[str, int], ip: str = ADDRESS) -> None:
        super().__init__("trunk", "", ip, pbx)

    def customer_calls(
        self, did: str, caller: str = CUSTOMER, *, shown: str = "", headers: list[tuple[str, str]] | None = None
    ) -> Call:
        """A call to `did`. shown: a whole From header, for names and for numbers that are none."""
        return self.call(did, caller=shown or f'"{caller}" <sip:{caller}@{ADDRESS}>', headers=headers)

    def withheld_calls(self, did: str, asserted: str = "") -> Call:
        """The caller hides the number; the provider may still assert it to us (RFC 3325)."""
        identity = [("P-Asserted-Identity", f"<sip:{asserted}@{ADDRESS}>")] if asserted else []
        shown = '"Anonymous" <sip:anonymous@anonymous.invalid>'
        return self.customer_calls(did, shown=shown, headers=[("Privacy", "id"), *identity])
