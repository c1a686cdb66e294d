"""Where attempts are counted: Django's table, which forgets none of them before its time."""

import time
from typing import Any

from django.core.cache.backends.db import DatabaseCache


class AttemptsCache(DatabaseCache):
    """Django's cache in the database, without its way to make room.

    That would drop a third of what still counts as soon as there is too much: whoever fills the table could
    make it forget how often others have failed. What counts here is over after a quarter of an hour, and
    networks are known only from which people have signed in, so that the table cannot grow far.
    """

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return what is kept; attempts that a clock which was ahead has noted do not count until then."""
        found = super().get(key, default, version)
        return [at for at in found if at <= time.time()] if isinstance(found, list) else found

    def _cull(self, db: str, cursor: Any, now: Any, _num: int) -> None:
        # With a number below the limit it deletes what is over and nothing else.
        super()._cull(db, cursor, now, 0)  # type: ignore[misc]  # unknown to the stubs
