"""The look-up for clients that sign with a key of their own instead of showing a secret, in one statement."""

from typing import Any

from django.utils import timezone

from oauthapps.sql.clients import CLIENTS, KEY, NOTHING, ClientRow, KeyRow, Presented, joined, reuse_began
from oauthapps.sql.execution import fetch_all


def client_with_keys(
    client_id: str, presented: Presented | None = None
) -> tuple[ClientRow | None, list[KeyRow], list[Any]]:
    """Return an enabled client, its live keys, and what it presents: for clients that show no secret.

    Args:
        client_id: its Client ID.
        presented: what else to look up.
    """
    now = timezone.now()
    values = {"client_id": client_id, "now": now, "replaced_after": reuse_began(now)}
    statement = joined(CLIENTS[False, presented is not None and presented.issues], KEY)
    ends = [len(ClientRow._fields), len(ClientRow._fields) + len(KeyRow._fields)]
    lookup = presented.lookup if presented else NOTHING
    if presented and lookup is not NOTHING:
        statement = joined(statement, lookup.statement)
        values["digest"] = presented.digest
    rows = fetch_all(statement, values)
    if not rows:
        return None, [], []
    # Each key stands beside each row of what is presented.
    keys = dict.fromkeys(row[ends[0] : ends[1]] for row in rows if row[ends[0]] is not None)
    shown = dict.fromkeys(row[ends[1] :] for row in rows if row[ends[1] :] and row[ends[1]] is not None)
    return (
        ClientRow._make(rows[0][: ends[0]]),
        [KeyRow._make(key) for key in keys],
        [lookup.row._make(row) for row in shown],
    )
