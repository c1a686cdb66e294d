"""The same installation on PostgreSQL: one variable, nothing else."""

import signal
import time
from pathlib import Path

import jwt
import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.migrated import migrated_server
from tests.infrastructure.postgres import PostgresServer
from tests.oauth_client import AUTHORIZE, TOKEN
from tests.stories.conftest import Person, certificate, manage

pytestmark = pytest.mark.story


def test_database_url_is_all_it_takes(tmp_path: Path) -> None:
    private, public = certificate(tmp_path)
    with PostgresServer() as server:
        environment = {**ADMIN, "DATABASE_URL": server.url}
        with Installation(tmp_path / "gatehouse", environment) as installation:
            Person(installation.base_url).sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
            application = manage(
                installation,
                *("create_application", "--type", "machine_to_machine", "--name", "Nightly"),
                *("--owner", ADMIN["ADMIN_USERNAME"], "--public-key", str(public)),
            )
            claims = {"iss": application["customer_id"], "sub": application["user_id"]}
            claims["exp"] = int(time.time()) + 60
            reply = requests.post(
                f"{installation.base_url}/integrations/oauth2/api/v1/jwt/exchange",
                {
                    "client_id": application["client_id"],
                    "client_secret": application["client_secret"],
                    "jwt_token": jwt.encode(claims, private.read_text(), algorithm="RS256"),
                },
                timeout=30,
            )
            assert reply.status_code == 200, reply.text
            assert not list((installation.folder / "var").glob("*.sqlite3"))


@pytest.mark.spec("S-08", "RFC 9110 §15.6.4")
def test_a_database_that_has_gone_is_told_as_a_matter_of_time(tmp_path: Path) -> None:
    with (
        migrated_server() as server,
        Installation(tmp_path / "gatehouse", {**ADMIN, "DATABASE_URL": server.url}) as installation,
    ):
        base = installation.base_url
        assert requests.post(base + TOKEN, {"client_id": "x"}, timeout=30).status_code == 400
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait(timeout=10)
        program = requests.post(base + TOKEN, {"client_id": "x"}, timeout=30)
        assert (program.status_code, program.json()["error"]) == (503, "temporarily_unavailable")
        page = requests.get(base + AUTHORIZE, {"client_id": "x", "redirect_uri": "x"}, timeout=30)
        assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
        assert int(program.headers["Retry-After"]) == int(page.headers["Retry-After"]) > 0
