"""Rows to measure with: three applications, and as many living tokens as asked for."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.db import connection

from accounts.models import Organization, Role, User
from audit.actors import Actor
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import CreatedApplication, create_application
from oauthapps.services.credentials import add_key
from tests.oauth_client import challenge_of

REDIRECT_URI = "https://client.example/callback"
PEOPLE = 1000
ACTOR = Actor.command("benchmarks")


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """Who may ask for what.

    Attributes:
        web: a Web Application that owns every seeded code and token; refresh tokens rotate.
        machine: a Machine to Machine Application that signs assertions.
        checker: a Machine to Machine Application that may verify the tokens of others.
        verifier: what every seeded code's challenge was made from.
        assertions: signed assertions, each good for one exchange within two hours.
        codes: how many authorization codes there are.
    """

    web: CreatedApplication
    machine: CreatedApplication
    checker: CreatedApplication
    verifier: str
    assertions: list[str]
    codes: int


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Applications, and the key by which one of them acts as its owner.

    Attributes:
        owner: their owner.
        web: a Web Application.
        machine: a Machine to Machine Application that has the public part of `key`.
        checker: a Machine to Machine Application that may verify the tokens of others.
        key: the private key.
    """

    owner: User
    web: CreatedApplication
    machine: CreatedApplication
    checker: CreatedApplication
    key: rsa.RSAPrivateKey


def make_clients() -> Clients:
    """Make the owner and the applications."""
    owner = User.objects.create(username="owner", email="owner@example.org", role=Role.ADMINISTRATOR)
    web = create_application(
        app_type=AppType.WEB, name="Web", redirect_urls=[REDIRECT_URI], owner=owner, actor=ACTOR
    )
    machine = create_application(
        app_type=AppType.MACHINE_TO_MACHINE, name="Machine", owner=owner, actor=ACTOR
    )
    checker = create_application(
        app_type=AppType.MACHINE_TO_MACHINE,
        name="Checker",
        owner=owner,
        settings={"may_verify_tokens": True},
        actor=ACTOR,
    )
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    add_key(machine.application, public, user=owner, actor=ACTOR)
    return Clients(owner=owner, web=web, machine=machine, checker=checker, key=key)


def make_seeds(codes: int, assertions: int) -> Seeds:
    """Make the tables, the applications, and what can be used once."""
    call_command("migrate", verbosity=0, interactive=False)
    clients = make_clients()
    verifier = secrets.token_urlsafe(48)
    numbers = range(1, PEOPLE + 1)
    people = [User(username=f"person{number}", email=f"{number}@example.org") for number in numbers]
    User.objects.bulk_create(people)
    application = clients.web.application.pk
    run(CONSENTS, application=application)
    run(FAMILIES, first=1, last=codes, application=application)
    run(CODES, last=codes, uri=REDIRECT_URI, challenge=challenge_of(verifier))
    return Seeds(
        web=clients.web,
        machine=clients.machine,
        checker=clients.checker,
        verifier=verifier,
        assertions=sign(clients.key, clients.owner, assertions),
        codes=codes,
    )


def add_living_tokens(seeds: Seeds, first: int, last: int) -> None:
    """Add living pairs of tokens, numbered from first to last, each in a family of its own."""
    begin = seeds.codes + first
    run(FAMILIES, first=begin, last=seeds.codes + last, application=seeds.web.application.pk)
    for statement in (ACCESS_TOKENS, REFRESH_TOKENS):
        run(statement, first=first, last=last, codes=seeds.codes)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def expire_access_tokens(first: int, last: int) -> None:
    """Let the access tokens of these rows have expired two days ago: work for `prune`."""
    run(EXPIRE, first=first, last=last)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def code(number: int) -> str:
    """Return the value of a seeded code."""
    return f"gtcode_{number:049d}"


def access_token(number: int) -> str:
    """Return the value of a seeded access token."""
    return f"gtacc_{number:049d}"


def refresh_token(number: int) -> str:
    """Return the value of a seeded refresh token."""
    return f"gtref_{number:049d}"


def sign(key: rsa.RSAPrivateKey, owner: User, number: int) -> list[str]:
    """Sign so many assertions, each with a `jti` of its own."""
    claims = {"iss": Organization.current().customer_id, "sub": owner.user_id, "exp": int(time.time()) + 7200}

    def one(jti: int) -> str:
        return jwt.encode({**claims, "jti": str(jti)}, key, algorithm="RS256")

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(number), chunksize=500))


def run(statement: str, **parameters: int | str) -> None:
    """Run one of the statements below."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


# Digests are made where the rows are: five million of them take a minute instead of an hour.

CONSENTS = """
INSERT INTO oauthapps_consent (user_id, application_id, first_allowed_at, last_allowed_at)
SELECT id, %(application)s, now(), now() FROM accounts_user
"""

# Reviews fall due evenly over a month, as they do where people come all the time.
FAMILIES = """
WITH consents AS (SELECT array_agg(id ORDER BY id) ids, array_agg(user_id ORDER BY id) users
                    FROM oauthapps_consent)
INSERT INTO oauthapps_tokenfamily
       (id, consent_id, user_id, application_id, scope, started_at, end_reason, review_at)
SELECT n, ids[1 + n %% cardinality(ids)], users[1 + n %% cardinality(ids)], %(application)s,
       'read write offline_access', now(), '', now() - interval '1 minute' + n %% 30 * interval '1 day'
  FROM consents, generate_series(%(first)s::bigint, %(last)s::bigint) n
"""

CODES = """
INSERT INTO oauthapps_grant
       (family_id, user_id, application_id, code, expires, redirect_url_id, redirect_uri, redirect_uri_given,
        scope, code_challenge, code_challenge_method, request_id, created, updated)
SELECT family.id, family.user_id, family.application_id,
       encode(sha256(('gtcode_' || lpad(family.id::text, 49, '0'))::bytea), 'hex'), now() + interval '1 day',
       redirect_url.id, %(uri)s, true, 'read write offline_access', %(challenge)s, 'S256',
       md5('request' || family.id), now(), now()
  FROM oauthapps_tokenfamily family JOIN oauthapps_redirecturl redirect_url USING (application_id)
 WHERE family.id <= %(last)s
"""

ACCESS_TOKENS = """
INSERT INTO oauthapps_accesstoken
       (family_id, user_id, application_id, token, token_checksum, expires, scope, created, updated)
SELECT id, user_id, application_id, '',
       encode(sha256(('gtacc_' || lpad((id - %(codes)s)::text, 49, '0'))::bytea), 'hex'),
       now() + interval '1 day', 'read write offline_access', now(), now()
  FROM oauthapps_tokenfamily WHERE id BETWEEN %(codes)s::bigint + %(first)s AND %(codes)s::bigint + %(last)s
"""

REFRESH_TOKENS = """
INSERT INTO oauthapps_refreshtoken
       (family_id, user_id, application_id, token, token_checksum, scope, created, updated)
SELECT id, user_id, application_id, '',
       encode(sha256(('gtref_' || lpad((id - %(codes)s)::text, 49, '0'))::bytea), 'hex'),
       'read write offline_access', now(), now()
  FROM oauthapps_tokenfamily WHERE id BETWEEN %(codes)s::bigint + %(first)s AND %(codes)s::bigint + %(last)s
"""

EXPIRE = """
UPDATE oauthapps_accesstoken SET expires = now() - interval '2 days'
 WHERE id BETWEEN %(first)s::bigint AND %(last)s::bigint
"""
