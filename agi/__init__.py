"""FastAGI: what desk phones, and callers, can do from the dialplan."""
