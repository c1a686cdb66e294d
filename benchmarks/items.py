"""What is measured: how each kind of request looks on the wire."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from benchmarks import load, refusals, seeds
from benchmarks.messages import get, post
from benchmarks.refusals import MakeRequest
from benchmarks.seeds import Seeds
from tests.oauth_client import INTROSPECT, JWT_EXCHANGE, ME, TOKEN, VERIFY

CONNECTIONS, OK = 8, (200,)


class Items:
    """Makes the requests; what works once is used once over all runs."""

    def __init__(self, made: Seeds) -> None:
        self.seeds = made
        self.codes = iter(range(1, made.codes + 1))
        self.assertions = iter(made.assertions)
        self.refresh_tokens = iter(range(1, 1_000_000))
        self.numbers = count()
        web, machine, checker = (one.application.client_id for one in (made.web, made.machine, made.checker))
        self.web = {"client_id": web, "client_secret": made.web.client_secret}
        self.machine = {"client_id": machine, "client_secret": made.machine.client_secret}
        pair = f"{checker}:{made.checker.client_secret}".encode()
        self.checker = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        self.all: dict[str, Callable[[], load.NextRequest]] = {
            "refresh": self.refresh,
            "code": self.code,
            "jwt": self.jwt,
            "introspection": self.introspection,
            "bearer": self.bearer,
            "verify": self.verify,
        }
        self.all |= {name: partial(self.refused, kind.make) for name, kind in refusals.KINDS.items()}

    def run(self, name: str, port: int, seconds: float) -> load.Result:
        """Send requests of one kind for so many seconds."""
        wanted = refusals.KINDS[name].statuses if name in refusals.KINDS else OK
        return load.run(port, [self.all[name]() for _ in range(CONNECTIONS)], seconds, wanted)

    def refresh(self) -> load.NextRequest:
        """A refresh with rotation: each connection follows its own chain of tokens."""
        first = seeds.refresh_token(next(self.refresh_tokens))

        def next_request(last_body: bytes) -> bytes:
            token = json.loads(last_body)["refresh_token"] if last_body else first
            return post(TOKEN, {"grant_type": "refresh_token", "refresh_token": token, **self.web})

        return next_request

    def code(self) -> load.NextRequest:
        """The exchange of a code with PKCE."""
        form = {
            "grant_type": "authorization_code",
            "redirect_uri": seeds.REDIRECT_URI,
            "code_verifier": self.seeds.verifier,
            **self.web,
        }
        return lambda _: post(TOKEN, {**form, "code": seeds.code(next(self.codes))})

    def jwt(self) -> load.NextRequest:
        """The exchange of an assertion."""
        return lambda _: post(JWT_EXCHANGE, {"jwt_token": next(self.assertions), **self.machine})

    def introspection(self) -> load.NextRequest:
        """An introspection by an application that may look at all tokens."""
        tokens = some_access_tokens()
        return lambda _: post(INTROSPECT, {"token": next(tokens)}, self.checker)

    def bearer(self) -> load.NextRequest:
        """A GET of a protected resource."""
        tokens = some_access_tokens()
        return lambda _: get(ME, next(tokens))

    def verify(self) -> load.NextRequest:
        """A proxy's question."""
        tokens = some_access_tokens()
        return lambda _: get(VERIFY, next(tokens))

    def refused(self, make: MakeRequest) -> load.NextRequest:
        """A request that is refused."""
        return lambda _: make(self.web, next(self.numbers), {})


def some_access_tokens() -> Iterator[str]:
    """Yield the same few hundred living access tokens again and again."""
    while True:
        yield from (seeds.access_token(number) for number in range(1, 501))
