"""Why requests were refused, as administrators read it: what was found wrong in, a cause and a fix out.

A refusal is explained with what was known where it was decided, after the request was answered; so an
explanation may look things up. It gets digests, lengths, and times of credentials, never a credential.

Whoever holds an application's credentials may read why a request under its Client ID was refused
(`oauth2/explain_endpoint.py`). So a sentence tells of no other application than the one that the request
named, unless it is `withheld`, and of no person but administrators who changed something.
"""
