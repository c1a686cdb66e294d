"""How passwords are hashed while requests are served."""

from accounts.security.hashers import OneAtATimeHasher
from server.workers.permits import aside


class Hasher(OneAtATimeHasher):
    """Hashes a password while other requests have the permit of the one that wants it."""

    aside = staticmethod(aside)
