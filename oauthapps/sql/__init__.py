"""The statements that every request of a client or API runs, written out, and how they reach the database.

What a row must be like to be found stands in the querysets of the models too, in words; tests hold the two
against each other (`tests/oauth2/test_lookups.py`, `tests/oauth2/test_issuing.py`).
"""
