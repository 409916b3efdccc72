"""Use cases of texts (SMS): out to the gateway, in from the customer, and what is answered."""
