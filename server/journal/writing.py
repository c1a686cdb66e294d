"""Writing rows where some may not fit: one that refers to what is gone must not keep the others out."""

import logging
from collections.abc import Sequence

from django.db import DataError, IntegrityError, connection, models, transaction

from oauthapps.sql.adding import NONE, Conflict, add

log = logging.getLogger("gatehouse.server")


def write(rows: Sequence[models.Model], conflict: Conflict = NONE) -> None:
    """Add rows in one transaction, without those that refer to what was deleted meanwhile, or don't fit.

    Args:
        rows: new instances of one model.
        conflict: what happens instead where one is there already.

    Raises:
        DatabaseError: when the database takes none; nothing is written then.
    """
    if not rows:
        return
    try:
        with transaction.atomic():
            wait_for_no_disk()
            add(rows, conflict)
    except (IntegrityError, DataError):
        if len(rows) == 1:
            log.warning("Could not record %s", rows[0]._meta.verbose_name)
            return
        for row in rows:
            write([row], conflict)


def wait_for_no_disk() -> None:
    """Let the present transaction be done before it is on the disk: those that have to be there come first.

    What a crash of the database may lose is the last half second of what was recorded.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
