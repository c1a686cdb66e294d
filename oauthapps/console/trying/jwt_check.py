"""Whether a JWT would be exchanged for a token, part by part, with what was found and what is expected.

The rules are those of the token endpoint (`rules.assertions`). Nothing is issued, used up, or kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.utils import timezone

from common.words import counted, span_in_words
from oauthapps.console.trying.parts import ABSENT, Part, decoded, fault_of, shown
from oauthapps.console.trying.signers import Signer, find_signer
from oauthapps.errors import AssertionFaultError
from oauthapps.http.issuer import accepted_audiences
from oauthapps.models import AccessToken, Application
from oauthapps.rules import assertions
from oauthapps.rules.assertions import ALGORITHM, CLAIM_CHECKS, CLOCK_SKEW, Claims, Expected
from oauthapps.rules.compact_jwts import COMPACT_FORM, check_form
from oauthapps.sql.client_keys import KeyRow, keys_of

NO_KEYS = "This application has no public keys: add the one that belongs to the private key."
USED = "The assertion was already used: its jti works once."
EXCEPTED = "It was used before. An exception of this application allows that."
JUST_EXPIRED = "It has just expired, which is tolerated."
HEADER_FIRST = "The header must be right first."


@dataclass(frozen=True, kw_only=True)
class JwtCheck:
    """A pasted text against one application's keys, clock and settings.

    Attributes:
        text: what was pasted.
        application: a Machine to Machine Application.
        now: this server's clock.
        keys: the application's live keys.
    """

    text: str
    application: Application
    now: datetime
    keys: Sequence[KeyRow]

    @cached_property
    def parts(self) -> list[Part]:
        """Every part, judged, in the order in which the token endpoint looks."""
        parts = [self.status, self.form]
        if self.compact is None:
            return [*parts, *(Part(name=name, is_judged=False) for name in ("signature", *CLAIM_CHECKS))]
        return [*parts, *self.header_parts(), self.signature, *self.claim_parts()]

    @property
    def is_accepted(self) -> bool:
        """Whether the token endpoint would accept it now."""
        return all(part.is_good for part in self.parts)

    @property
    def first_fault(self) -> str:
        """What has to be put right first, or nothing."""
        return next((part.fault for part in self.parts if part.fault), "")

    @cached_property
    def compact(self) -> str | None:
        """The JWT itself, without what was copied along with it; None where there is none."""
        text = self.text.strip()
        return text if COMPACT_FORM.fullmatch(text) else None

    @property
    def status(self) -> Part:
        """Whether the application may get tokens at all."""
        disabled = "The application is disabled: all its requests are rejected."
        return Part(
            name="application",
            fault="" if self.application.is_enabled else disabled,
            found="enabled" if self.application.is_enabled else "disabled",
            expected="enabled",
        )

    @property
    def form(self) -> Part:
        """Whether the text is a signed JWT in compact form."""
        return Part(
            name="compact form",
            fault=fault_of(check_form, self.text),
            found=f"{counted(len(self.text.split('.')), 'part')}, {counted(len(self.text), 'character')}",
            expected="3 parts in base64url with dots between them",
        )

    @cached_property
    def header(self) -> Claims | None:
        """The header, or None where that is no JSON object."""
        return decoded((self.compact or "").split(".")[0])

    def header_parts(self) -> Iterator[Part]:
        """Yield what is in the header."""
        header = self.header or {}
        is_right = header.get("alg") == ALGORITHM
        fault = "" if is_right else f"The header's alg must be {ALGORITHM}."
        if self.header is None:
            fault = "The header is not a JSON object in base64url."
        yield Part(name="alg", fault=fault, found=shown(header, "alg"), expected=ALGORITHM)
        note = "Not needed: the signature is checked with each of the application's keys."
        yield Part(name="kid", found=shown(header, "kid"), expected="anything", note=note)
        for name in assertions.demands(header):
            fault = f"The header has {name}, which is not supported."
            yield Part(name=name, fault=fault, found=shown(header, name), expected=ABSENT)

    @cached_property
    def signer(self) -> Signer | None:
        """Whose key signed it: this application's, or one that it has no longer, or another's."""
        return find_signer(self.compact or "", self.application, self.keys)

    @property
    def signature(self) -> Part:
        """Which key signed it."""
        good = f"by a key of this application, with {ALGORITHM}"
        header = self.header or {}
        if header.get("alg") != ALGORITHM or assertions.demands(header):
            return Part(name="signature", is_judged=False, expected=good, note=HEADER_FIRST)
        if self.signer is None:
            fault = fault_of(assertions.verified_claims, self.compact, self.keys)
            return Part(
                name="signature",
                fault=fault,
                found="by no key that is known here",
                expected=good,
                note="" if self.keys else NO_KEYS,
            )
        is_ours = self.signer.row is not None
        fault = "" if is_ours else fault_of(assertions.verified_claims, self.compact, ())
        return Part(name="signature", fault=fault, found=self.signer.words, expected=good)

    @cached_property
    def claims(self) -> Claims | AssertionFaultError:
        """The claims as they are written; whether they are signed is another question."""
        claims = decoded((self.compact or "").split(".")[1])
        return AssertionFaultError("has a payload that is not a JSON object") if claims is None else claims

    def claim_parts(self) -> Iterator[Part]:
        """Yield each claim, judged by what the key that signed it stands for."""
        if isinstance(self.claims, AssertionFaultError):
            yield Part(name="payload", fault=self.claims.message, expected="a JSON object")
            return
        for name, check in CLAIM_CHECKS.items():
            fault = fault_of(check, self.claims, self.expected)
            part = Part(name=name, fault=fault, found=shown(self.claims, name), expected=self.wanted(name))
            yield part if fault else self.remarked(part, self.claims)

    @cached_property
    def expected(self) -> Expected:
        """What its claims must say: as its key wants, or as any of the application's keys does."""
        subject = self.claims.get("sub") if isinstance(self.claims, dict) else None
        candidates = [key for key in self.keys if key.subject == subject] or self.keys
        signed_by = self.signer.row if self.signer else None
        customer_id = self.application.organization.customer_id
        key = signed_by or next(iter(candidates), None)
        if key is None:
            return Expected(
                issuer=customer_id,
                subject=self.application.service_id or "",
                subject_is_active=True,
                audiences=accepted_audiences(),
                now=self.now,
            )
        return key.expected(customer_id, accepted_audiences(), self.now)

    def wanted(self, name: str) -> str:
        """Return what a claim must be."""
        expected, skew = self.expected, int(CLOCK_SKEW.total_seconds())
        longest = span_in_words(int(expected.longest.total_seconds()))
        inactive = "" if expected.subject_is_active else " (not active)"
        return {
            "iss": f"the Customer ID, {expected.issuer}",
            "sub": f"the ID next to the key, {expected.subject}{inactive}",
            "aud": f"nothing, or one of {', '.join(sorted(expected.audiences))}",
            "exp": f"in the future, by {longest} at most",
            "nbf": f"nothing, or in the past ({skew} seconds are tolerated)",
            "iat": f"nothing, or in the past ({skew} seconds are tolerated)",
            "jti": "nothing, or a string that was not used before",
        }[name]

    def remarked(self, part: Part, claims: Claims) -> Part:
        """Return the part of a claim that follows its rule with what else is known of it."""
        if part.name == "exp":
            expires = assertions.expiration(claims, self.now, self.expected.longest)
            left = int((expires - self.now).total_seconds())
            note = f"Valid for another {span_in_words(left)}." if left > 0 else JUST_EXPIRED
            return replace(part, note=note)
        if part.name == "jti" and self.was_used(assertions.identifier(claims)):
            may_repeat = self.signer and self.signer.row and self.signer.row.may_repeat
            return replace(part, note=EXCEPTED) if may_repeat else replace(part, fault=USED)
        return part

    def was_used(self, assertion_id: str | None) -> bool:
        """Return whether a token was issued for this `jti`."""
        rows = AccessToken.objects.filter(application=self.application, assertion_id=assertion_id)
        return assertion_id is not None and rows.exists()


def check_jwt(text: str, application: Application) -> JwtCheck:
    """Judge a pasted text as the token endpoint would.

    Args:
        text: what was pasted.
        application: a Machine to Machine Application.
    """
    now = timezone.now()
    return JwtCheck(text=text, application=application, now=now, keys=keys_of(application.client_id, now))
