"""PostgreSQL with tables, where it does not matter how these came to be: to make them takes longest."""

import atexit
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.infrastructure.installation import Installation, temporary_folder
from tests.infrastructure.postgres import FORGETFUL, PostgresServer, folder_of, user_of_servers


def migrated_server(settings: Mapping[str, str] = FORGETFUL) -> PostgresServer:
    """A server whose database has tables, and nothing in them."""
    return PostgresServer(settings, copied=migrated())


@cache
def migrated() -> Path:
    """The data of a server that has stopped."""
    folder = folder_of(user_of_servers())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with PostgresServer(data=folder / "data") as server:
        environment = {"DATABASE_URL": server.url}
        done = Installation(temporary_folder() / "gatehouse", environment, first_run=True).manage("migrate")
        assert done.returncode == 0, done.stderr
        server.stop()
    return server.data
