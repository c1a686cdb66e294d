"""An API that nginx protects by asking Gatehouse (deploy/nginx/verify.conf), and a machine that calls it."""

import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import jwt
import requests

from tests.infrastructure.front import HOST
from tests.infrastructure.installation import ADMIN, ROOT
from tests.oauth_client import JWT_EXCHANGE
from tests.stories.conftest import Manageable, manage

RECIPE = ROOT / "deploy" / "nginx" / "verify.conf"


class Upstream:
    """The application to be protected: it answers with what reached it."""

    def __init__(self) -> None:
        self.requests = 0
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                upstream.requests += 1
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                told = {"method": self.command, "path": self.path, "headers": headers, "bytes": len(body)}
                reply = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply)

            def log_message(self, *arguments: object) -> None:
                pass

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Machine:
    """A machine application and the client by which it asks Gatehouse."""

    base_url: str
    client: requests.Session
    application: dict[str, Any]
    private_key: str

    def token(self, **parameters: str) -> str:
        claims = {
            "iss": self.application["customer_id"],
            "sub": self.application["user_id"],
            "exp": int(time.time()) + 60,
        }
        assertion = jwt.encode(claims, self.private_key, algorithm="RS256")
        reply = self.post(JWT_EXCHANGE, jwt_token=assertion, **parameters)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    def post(self, path: str, **parameters: str) -> requests.Response:
        credentials = {name: self.application[name] for name in ("client_id", "client_secret")}
        return self.client.post(self.base_url + path, credentials | parameters, timeout=30)


def make_machine(
    installation: Manageable, private: Path, public: Path, base_url: str, client: requests.Session
) -> Machine:
    """Create the application with a key pair; the command finds the public key at that path."""
    application = manage(
        installation,
        *("create_application", "--type", "machine_to_machine", "--name", "Nightly report"),
        *("--owner", ADMIN["ADMIN_USERNAME"], "--public-key", str(public)),
    )
    return Machine(base_url, client, application, private.read_text())


def as_proxy() -> requests.Session:
    """A client that says what a proxy in front of Gatehouse says."""
    client = requests.Session()
    client.headers.update({"Host": HOST, "X-Forwarded-Proto": "https"})
    return client


def recipe(instances: list[int], application: int, port: int) -> str:
    """The recipe with this test's ports; whatever else it says is what stands in the file."""
    text = RECIPE.read_text()
    servers = " ".join(f"server 127.0.0.1:{instance};" for instance in instances)
    for ours, theirs in (
        ("server 127.0.0.1:8000;", servers),
        ("server 127.0.0.1:9000;", f"server 127.0.0.1:{application};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert text.count(ours) == 1
        text = text.replace(ours, theirs)
    return text


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
