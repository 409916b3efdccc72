"""An SMSC that we did not write: npm's `smpp`, run by Node."""
