"""Writing rows where some may not fit: one that refers to what is gone must not keep the others out."""

import logging
from collections.abc import Sequence

from django.db import DataError, IntegrityError, models, transaction

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
            add(rows, conflict)
    except (IntegrityError, DataError):
        if len(rows) == 1:
            log.warning("Could not record %s", rows[0]._meta.verbose_name)
            return
        for row in rows:
            write([row], conflict)
