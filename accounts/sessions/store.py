"""Where sessions are kept: Django's table, asked only for what can be the key of one.

A key is the whole credential of whoever is signed in, so that the table has digests of keys: a copy of it
signs nobody in.
"""

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.db import InterfaceError, InternalError, OperationalError
from django.utils import timezone

from common.best_effort import best_effort

KEY = re.compile(r"[0-9a-z]{32}")
# Hexadecimal digits that Django's column has room for: 160 bits of the digest, of a key that has 165.
DIGEST_LENGTH = 40


def digest(key: str | None) -> str:
    """Return what the row of a session is called that has this key; nothing where there is no session."""
    return sha256(key.encode()).hexdigest()[:DIGEST_LENGTH] if key else ""


class SessionStore(DatabaseStore):
    """Django's store, for which a cookie that names no session is as good as none.

    A cookie may spell any character, NUL too, which PostgreSQL does not take: it would end in an error.

    Attributes:
        slid: what the session held when nothing had changed but that it was seen; None until then.
        is_key_kept: whether the session keeps its key, whoever wants another one for it.
    """

    slid: dict[str, Any] | None = None
    is_key_kept = False

    @contextmanager
    def keeping_key(self) -> Iterator[None]:
        """Let the session keep its key in the block."""
        self.is_key_kept = True
        try:
            yield
        finally:
            self.is_key_kept = False

    def cycle_key(self) -> None:
        """Give the session another key, with all that is in it, unless it keeps its own."""
        if not self.is_key_kept:
            super().cycle_key()

    def mark_slid(self) -> None:
        """Record that nothing has changed so far but that the session was seen: no page fails for that."""
        self.slid = copy.deepcopy(dict(self.items()))

    def save(self, must_create: bool = False) -> None:
        """Save the session, as well as can be where it was only seen."""
        if must_create or self.slid is None or self.slid != dict(self.items()):
            self.save_or_raise_cause(must_create)
            return
        with best_effort("when a session was last seen"):
            self.save_or_raise_cause(must_create)

    def save_or_raise_cause(self, must_create: bool) -> None:
        """Save the session; where the database failed, do not say that the session has ended meanwhile."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError | InternalError):
                raise error.__context__ from None
            raise

    def exists(self, session_key: str) -> bool:
        """Return whether there is a session with this key."""
        return bool(super().exists(digest(session_key)))

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session with this key, or this one."""
        super().delete(digest(session_key or self.session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Return this session as a row, named by its digest."""
        row = super().create_model_instance(data)
        row.session_key = digest(self.session_key)
        return row

    def _get_session_from_db(self) -> Session | None:
        row = Session.objects.filter(session_key=digest(self.session_key), expire_date__gt=timezone.now())
        found = row.first()
        if found is None:
            self._session_key = None
        return found

    def _validate_session_key(self, key: Any) -> bool:
        return isinstance(key, str) and KEY.fullmatch(key) is not None
