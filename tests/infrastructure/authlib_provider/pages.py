"""What the provider answers: a page to sign in on, one to sign out on, and what clients ask."""

import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from authlib.oauth2 import OAuth2Error
from joserfc.jwk import KeySet

from tests.infrastructure.authlib_provider.directory import ALGORITHM, SCOPES, Directory, Session
from tests.infrastructure.authlib_provider.protocol import COOKIE, Request, Response, Server

SIGN_IN = """<form method="post"><label>Account <input name="account"></label>
<button name="decision" value="sign_in">Sign in</button>
<button name="decision" value="cancel">Cancel</button></form>"""
SIGN_OUT = '<form method="post"><button name="logout" value="yes">Sign out</button></form>'


def page(title: str, body: str = "", status: int = 200) -> Response:
    title = f"{title} at the identity provider"
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{body}'
    )
    return Response(status, text, [("Content-Type", "text/html; charset=utf-8")])


def data(body: dict[str, Any]) -> Response:
    return Response(200, body, [("Content-Type", "application/json")])


class Pages:
    """A WSGI application (PEP 3333)."""

    def __init__(self, directory: Directory) -> None:
        self.directory, self.server = directory, Server(directory)
        self.routes: dict[str, Callable[[Request], Response]] = {
            "/.well-known/openid-configuration": self.discovery,
            "/jwks": self.jwks,
            "/authorize": self.authorize,
            "/token": self.server.create_token_response,
            "/userinfo": self.userinfo,
            "/logout": self.log_out,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = self.respond(environ)
        body = response.body if isinstance(response.body, str) else json.dumps(response.body)
        status = f"{response.status} {HTTPStatus(response.status).phrase}"
        start_response(status, list(response.headers.items()))
        return [body.encode()]

    def respond(self, environ: dict[str, Any]) -> Response:
        path = environ["PATH_INFO"]
        if status := self.directory.broken.get(path):
            return Response(status, "", [])
        if path not in self.routes:
            return page("Nothing", status=404)
        return self.routes[path](Request(environ, self.directory.issuer))

    def discovery(self, request: Request) -> Response:
        issuer = self.directory.issuer
        return data(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/jwks",
                "end_session_endpoint": f"{issuer}/logout",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": sorted(SCOPES),
                "authorization_response_iss_parameter_supported": True,
                "backchannel_logout_supported": True,
            }
        )

    def jwks(self, request: Request) -> Response:
        return data(dict(KeySet(list(self.directory.keys)).as_dict(private=False)))

    def authorize(self, request: Request) -> Response:
        session = self.usable(request, self.directory.sessions.get(request.cookie))
        try:
            grant = self.server.get_consent_grant(request, end_user=session)
        except OAuth2Error as error:
            failed: Response = self.server.handle_error_response(request, error)
            return failed
        decision = request.form.get("decision")
        if decision == "cancel":
            return self.done(request, grant, None)
        if decision == "sign_in":
            return self.sign_in(request, grant)
        return self.done(request, grant, session) if session else page("Sign in", SIGN_IN)

    def usable(self, request: Request, session: Session | None) -> Session | None:
        """The session, unless the client wants another sign-in (OpenID Connect Core 1.0 section 3.1.2.1)."""
        if session is None or self.directory.forgetful:
            return session
        age, allowed = time.time() - session.began, request.payload.data.get("max_age")
        if request.payload.data.get("prompt") == "login" or (allowed and age > int(allowed)):
            return None
        return session

    def sign_in(self, request: Request, grant: Any) -> Response:
        account = request.form["account"]
        if account not in self.directory.people:
            return page("Sign in", f'<p role="alert">There is no such account.</p>{SIGN_IN}', 400)
        name, session = self.directory.begin_session(account)
        response = self.done(request, grant, session)
        response.headers["Set-Cookie"] = f"{COOKIE}={name}; Path=/; HttpOnly; SameSite=Lax"
        return response

    def done(self, request: Request, grant: Any, session: Session | None) -> Response:
        request.user = session
        made: Response = self.server.create_authorization_response(request, grant_user=session, grant=grant)
        return made

    def userinfo(self, request: Request) -> Response:
        sub = self.directory.tokens.get(request.headers["Authorization"].removeprefix("Bearer "))
        return (
            data(self.directory.claims(sub)) if sub else Response(401, "", [("WWW-Authenticate", "Bearer")])
        )

    def log_out(self, request: Request) -> Response:
        try:
            validated = self.server.validate_endpoint_request("end_session", request)
        except OAuth2Error as error:
            failed: Response = self.server.handle_error_response(request, error)
            return failed
        if request.cookie in self.directory.sessions and not request.form.get("logout"):
            return page("Sign out", SIGN_OUT)
        self.directory.sessions.pop(request.cookie, None)
        back: Response | None = self.server.create_endpoint_response("end_session", validated)
        return back or page("Signed out")
