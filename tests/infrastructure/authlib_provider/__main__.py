"""An organization's identity provider on Authlib's server, in a process of its own.

It is told `{clientId, clientSecret}` in a line of JSON and prints `{issuer}`. Each line after that names a
command with what it is given, and is answered by a line.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import requests
import time_machine
from joserfc import jwt

from tests.infrastructure.authlib_provider.directory import ALGORITHM, Directory, new_key
from tests.infrastructure.authlib_provider.pages import Pages

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it speaks http, on this machine
BACK_CHANNEL_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


class Threading(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as the base class calls it
        """Nobody reads it."""


class Commands:
    """What a test does with its identity provider."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.port = 0
        self.travel: time_machine.travel | None = None
        self.server = self.make_server()
        self.port = self.server.server_port
        self.directory = Directory(f"http://127.0.0.1:{self.port}", client_id, client_secret)
        self.serve()

    def make_server(self) -> WSGIServer:
        return Threading(("127.0.0.1", self.port), Quiet)

    def serve(self) -> None:
        self.server.set_app(Pages(self.directory))
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def up(self) -> None:
        self.server = self.make_server()
        self.serve()

    def down(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def register(self, metadata: dict[str, Any]) -> None:
        self.directory.client.client_metadata |= metadata

    def person(self, sub: str, claims: dict[str, Any]) -> None:
        self.directory.people[sub] = claims

    def rotate_keys(self, *, keep: bool) -> None:
        self.directory.keys = [new_key(), *(self.directory.keys if keep else [])]

    def clock(self, seconds: int) -> None:
        if self.travel:
            self.travel.stop()
        self.travel = time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)
        self.travel.start()

    def break_paths(self, paths: dict[str, int]) -> None:
        self.directory.broken = paths

    def forget(self, *, forgetful: bool) -> None:
        self.directory.forgetful = forgetful

    def log_out(self, sub: str) -> dict[str, list[int]]:
        """Tell the client that a person has signed out (OpenID Connect Back-Channel Logout 1.0)."""
        directory, now = self.directory, int(time.time())
        claims = {
            "iss": directory.issuer,
            "aud": directory.client.client_id,
            "sub": sub,
            "iat": now,
            "exp": now + 120,
            "jti": str(uuid4()),
            "events": {BACK_CHANNEL_LOGOUT: {}},
        }
        key = directory.keys[0]
        token = jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "logout+jwt"}, claims, key, [ALGORITHM])
        url = directory.client.client_metadata["backchannel_logout_uri"]
        return {"statuses": [requests.post(url, {"logout_token": token}, timeout=10).status_code]}


def main() -> None:
    told = json.loads(sys.stdin.readline())
    commands = Commands(told["clientId"], told["clientSecret"])
    print(json.dumps({"issuer": commands.directory.issuer}), flush=True)  # noqa: T201  # the test reads it
    for line in sys.stdin:
        given = json.loads(line)
        answer = getattr(commands, given.pop("command"))(**given)
        print(json.dumps(answer or {}), flush=True)  # noqa: T201  # the test reads it


if __name__ == "__main__":
    main()
