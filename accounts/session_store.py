"""Where sessions are kept: Django's table, asked only for what can be the key of one."""

import re
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

KEY = re.compile(r"[0-9a-z]{32}")


class SessionStore(DatabaseStore):
    """Django's store, for which a cookie that names no session is as good as none.

    A cookie may spell any character, NUL too, which PostgreSQL does not take: it would end in an error.
    """

    def _validate_session_key(self, key: Any) -> bool:
        return isinstance(key, str) and KEY.fullmatch(key) is not None
