"""Where sessions are kept: Django's table, asked only for what can be the key of one."""

import copy
import re
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import InterfaceError, InternalError, OperationalError

from accounts.best_effort import best_effort

KEY = re.compile(r"[0-9a-z]{32}")


class SessionStore(DatabaseStore):
    """Django's store, for which a cookie that names no session is as good as none.

    A cookie may spell any character, NUL too, which PostgreSQL does not take: it would end in an error.

    Attributes:
        slid: what the session held when nothing had changed but that it was seen; None until then.
    """

    slid: dict[str, Any] | None = None

    def note_slide(self) -> None:
        """Note that nothing has changed so far but that the session was seen: no page fails for that."""
        self.slid = copy.deepcopy(dict(self.items()))

    def save(self, must_create: bool = False) -> None:
        """Save the session, as well as can be where it was only seen."""
        if must_create or self.slid is None or self.slid != dict(self.items()):
            self.save_or_say_why(must_create)
            return
        with best_effort("when a session was last seen"):
            self.save_or_say_why(must_create)

    def save_or_say_why(self, must_create: bool) -> None:
        """Save the session; where the database failed, do not say that the session has ended meanwhile."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError | InternalError):
                raise error.__context__ from None
            raise

    def _validate_session_key(self, key: Any) -> bool:
        return isinstance(key, str) and KEY.fullmatch(key) is not None
