"""Texts labelled by hand, before the rules were written: replies of customers, opt-outs, templates of offices."""
