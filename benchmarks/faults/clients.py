"""Clients as they are in the field: they keep what they get, and send it again where no answer came."""

import base64
import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.faults.ledger import ONE_IN, Ledger, Stock
from benchmarks.messages import get, post
from tests.oauth_client import INTROSPECT, JWT_EXCHANGE, ME, TOKEN

OK = 200
ASSERTION_SECONDS = 3600


class Answer(NamedTuple):
    """An answer to a request; of status 0 where none came."""

    status: int
    body: bytes = b""
    retry_after: int = 0

    @property
    def json(self) -> Any:
        """What a body in JSON says."""
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The status, and what a body in JSON says is wrong."""
        said = json.loads(self.body)
        return f"{self.status} {said.get('error')}: {said.get('error_description') or said.get('message')}"


class Client:
    """Sends one request at a time; `hear` is told of every answer but those to come again later."""

    gives_tokens = True

    def __init__(self, seeds: dict[str, str], ledger: Ledger, stock: Stock) -> None:
        self.seeds, self.ledger, self.stock = seeds, ledger, stock
        self.sent = 0  # how often what is sent now was sent before

    def request(self) -> bytes:
        """Return the request to send, the same as before while it is not answered."""
        raise NotImplementedError

    def hear(self, answer: Answer) -> None:
        """Take an answer."""
        raise NotImplementedError

    def credentials(self, name: str) -> dict[str, str]:
        """Return how one of the applications authenticates in a form."""
        return {"client_id": self.seeds[f"{name}_id"], "client_secret": self.seeds[f"{name}_secret"]}


class Refresher(Client):
    """Refreshes, each time with the refresh token that came with the latest answer."""

    def __init__(self, seeds: dict[str, str], ledger: Ledger, stock: Stock) -> None:
        super().__init__(seeds, ledger, stock)
        self.begin()

    def begin(self) -> None:
        """Take a refresh token that nobody has used."""
        self.before, self.token = "", next(self.stock.refresh_tokens)
        self.ledger.refresh_tokens[self] = self.token

    def request(self) -> bytes:
        """Return a refresh."""
        form = {"grant_type": "refresh_token", "refresh_token": self.token}
        return post(TOKEN, form | self.credentials("web"))

    def hear(self, answer: Answer) -> None:
        """Keep the tokens that came; begin anew where a token is refused."""
        if answer.status != OK:
            self.ledger.lose(f"a refresh token: {answer.error}")
            self.begin()
            return
        if self.before:
            self.ledger.replaced.append(self.before)
        self.before, self.token = self.token, str(answer.json["refresh_token"])
        self.ledger.refresh_tokens[self] = self.token
        self.ledger.receive(answer.json)


class Once(Client):
    """Exchanges what can be used once; some of it is sent again after it was."""

    what: str

    def __init__(self, seeds: dict[str, str], ledger: Ledger, stock: Stock) -> None:
        super().__init__(seeds, ledger, stock)
        self.exchanged = 0
        self.begin()

    def begin(self) -> None:
        """Take another one."""
        self.value, self.is_used, self.sent = self.take(), False, 0

    def take(self) -> str:
        """Return one that nobody has used."""
        raise NotImplementedError

    def keep(self, answer: Answer) -> None:
        """Keep what came for it."""
        raise NotImplementedError

    def hear(self, answer: Answer) -> None:
        """Keep what came; where it was sent before without an answer, it may have been used up."""
        if answer.status == OK and self.is_used:
            self.ledger.twice[self.what] += 1
        elif answer.status == OK:
            self.exchanged += 1
            if self.exchanged % ONE_IN == 0:
                self.is_used = True  # and sent again, which may end what came of it
                return
            self.keep(answer)
        elif not self.is_used and self.sent > 1:
            self.ledger.unanswered += 1
        elif not self.is_used:
            self.ledger.lose(f"{self.what}: {answer.error}")
        self.begin()


class CodeExchanger(Once):
    """Exchanges codes."""

    what = "a code"

    def take(self) -> str:
        """Return a code."""
        return next(self.stock.codes)

    def request(self) -> bytes:
        """Return an exchange with PKCE."""
        self.sent += 1
        form = {
            "grant_type": "authorization_code",
            "code": self.value,
            "redirect_uri": self.seeds["redirect_uri"],
            "code_verifier": self.seeds["verifier"],
        }
        return post(TOKEN, form | self.credentials("web"))

    def keep(self, answer: Answer) -> None:
        """Keep both tokens, and the code to send it again."""
        self.ledger.receive(answer.json)
        self.ledger.refresh_tokens[self.value] = str(answer.json["refresh_token"])
        self.ledger.codes.append(self.value)


class Machine(Once):
    """Exchanges assertions."""

    what = "an assertion"

    def take(self) -> str:
        """Sign an assertion."""
        claims: dict[str, str | int] = {"iss": self.seeds["issuer"], "sub": self.seeds["subject"]}
        claims |= {"exp": int(time.time()) + ASSERTION_SECONDS, "jti": str(next(self.stock.numbers))}
        return jwt.encode(claims, signing_key(self.seeds["key"]), algorithm="RS256")

    def request(self) -> bytes:
        """Return an exchange."""
        self.sent += 1
        return post(JWT_EXCHANGE, {"jwt_token": self.value} | self.credentials("machine"))

    def keep(self, answer: Answer) -> None:
        """Keep the token, and the assertion to send it again."""
        self.ledger.receive(answer.json)
        self.ledger.assertions.append(self.value)


class Checker(Client):
    """Introspects access tokens that others got."""

    gives_tokens = False

    def request(self) -> bytes:
        """Return an introspection."""
        self.token = self.ledger.some_access_token()
        return introspection(self.seeds, self.token)

    def hear(self, answer: Answer) -> None:
        """Insist that the token is active."""
        if self.token and (answer.status != OK or not answer.json["active"]):
            self.ledger.lose("an access token, at its introspection")


class Caller(Client):
    """Sends access tokens that others got to the API."""

    gives_tokens = False

    def request(self) -> bytes:
        """Return a request for a protected resource."""
        self.token = self.ledger.some_access_token()
        return get(ME, self.token)

    def hear(self, answer: Answer) -> None:
        """Insist that the token is taken."""
        if self.token and answer.status != OK:
            self.ledger.lose("an access token, at the API")


@cache
def signing_key(pem: str) -> Any:
    """Return a private key."""
    return load_pem_private_key(pem.encode(), None)


def introspection(seeds: dict[str, str], token: str) -> bytes:
    """Return a request that asks whether a token is active."""
    pair = f"{seeds['checker_id']}:{seeds['checker_secret']}".encode()
    header = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return post(INTROSPECT, {"token": token}, header)


# How many of each kind there are of a thousand.
MIX: dict[Callable[..., Client], int] = {
    Refresher: 300,
    CodeExchanger: 100,
    Machine: 150,
    Checker: 200,
    Caller: 250,
}
