"""FastAGI: what desk phones can do from the dialplan."""
