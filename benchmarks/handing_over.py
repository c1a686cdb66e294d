"""What an outside load driver needs: a file each of tokens, codes and assertions, and one that names them."""

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks import seeds
from benchmarks.seeds import Seeds
from benchmarks.server import Server
from oauthapps.services.applications import CreatedApplication
from tests.infrastructure.postgres import PostgresServer
from tests.oauth_client import INTROSPECT, JWT_EXCHANGE, ME, TOKEN

TOKENS = 5000


def write(folder: Path, made: Seeds, server: Server, database: PostgresServer) -> None:
    """Write the seeds' values, one a line, and `server.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    some, codes = range(1, TOKENS + 1), range(1, made.codes + 1)
    files = {
        "access": write_lines(folder / "access.txt", map(seeds.access_token, some)),
        "refresh": write_lines(folder / "refresh.txt", map(seeds.refresh_token, some)),
        "codes": write_lines(folder / "codes.txt", map(seeds.code, codes)),
        "assertions": write_lines(folder / "assertions.txt", made.assertions),
    }
    described = {
        "base_url": f"http://127.0.0.1:{server.port}",
        "pid": server.process.pid,
        "db_pid": database.process.pid,
        "paths": {"token": TOKEN, "introspect": INTROSPECT, "me": ME, "jwt": JWT_EXCHANGE},
        "client": credentials(made.web),
        "introspect_client": credentials(made.checker),
        "m2m": credentials(made.machine),
        "files": files,
        "redirect_uri": seeds.REDIRECT_URI,
        "code_verifier": made.verifier,
        "state": "used.json",
    }
    (folder / "server.json").write_text(json.dumps(described, indent=2) + "\n")


def write_lines(file: Path, lines: Iterable[str]) -> str:
    """Write lines to a file and return its name."""
    file.write_text("".join(f"{line}\n" for line in lines))
    return file.name


def credentials(created: CreatedApplication) -> dict[str, str]:
    """Return how a client authenticates."""
    return {"id": created.application.client_id, "secret": created.client_secret}
