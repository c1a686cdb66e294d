"""What was wrong with the claims of a JWT, whether it is exchanged or says who a client is (RFC 7523)."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from audit.models import EventKind
from oauthapps.explanations import signatures
from oauthapps.explanations.applications import Claimed, unavailable
from oauthapps.explanations.wording import ago, done_by, seconds_between
from oauthapps.http.messages import Explanation
from oauthapps.models import AccessToken, Application
from oauthapps.rules import echoes

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SIGN_NEW = "Sign a new JWT for each request, right before it is sent."
SET_CLOCK = "Set the clock of the machine that signs by NTP, and sign a new JWT for each request."
HOUR = 3600
# Clocks that are wrong by more than this are wrong by their time zone, or the JWT was kept.
SLOW_CLOCK = timedelta(minutes=90)


def not_authenticated(claimed: Claimed, at: datetime, fault: str, evidence: Mapping[str, Any]) -> Explanation:
    """Return why a client did not authenticate with an assertion.

    Args:
        claimed: the Client ID in its `sub`.
        at: when the request was refused.
        fault: the fault of the assertion, if there is such a client.
        evidence: what that fault found.
    """
    return unavailable(claimed, at) or of_fault(fault, evidence, claimed.client_id, at)


def of_fault(fault: str, evidence: Mapping[str, Any], client_id: str, at: datetime) -> Explanation:
    """Return what is wrong with an assertion.

    Args:
        fault: which check it failed (`AssertionFaultError.fault`).
        evidence: what that found.
        client_id: the Client ID of an application that there is.
        at: when the request was refused.
    """
    if fault == "signature":
        return signatures.by_no_key(client_id=client_id, at=at, **evidence)
    if fault in OF_CLAIMS:
        return OF_CLAIMS[fault](**evidence)
    application = Application.objects.select_related("organization").get(client_id=client_id)
    return OF_IDS[fault](application=application, **evidence)


def malformed(said: str) -> Explanation:
    """Return that what was sent is no signed JWT.

    Args:
        said: why, to follow "The JWT".
    """
    return Explanation(
        f"The JWT {said}.",
        "Send the three parts of the signed JWT, with the dots between them, and nothing else.",
    )


def other_issuer(sent: Any, expected: str, name: str, application: Application) -> Explanation:
    """Return that the `iss` is another one.

    Args:
        sent: the claim; None where it is missing.
        expected: what it must be.
        name: what that ID is called.
        application: the application whose key signed.
    """
    return Explanation(
        f"iss is {in_words(sent, application)}, but must be the {name}, {expected}.",
        f"Set iss to the {name}, {expected}.",
        {"expected": expected},
    )


def other_subject(sent: Any, expected: str, application: Application) -> Explanation:
    """Return that the `sub` is another one than that of the key that signed."""
    name = "Service ID" if expected == application.service_id else "User ID"
    return Explanation(
        f"sub is {in_words(sent, application)}, but the key that signed acts as the {name} {expected}.",
        f"Set sub to {expected}, or sign with a key that acts as the ID you mean.",
        {"expected": expected},
    )


def in_words(claim: Any, application: Application) -> str:
    """Return what a sentence calls the value of a claim that should be one of our IDs."""
    if claim is None:
        return "missing"
    ids = {
        application.client_id: "the Client ID",
        application.service_id: "the Service ID",
        application.organization.customer_id: "the Customer ID",
    }
    return ids.get(claim if isinstance(claim, str) else None) or echoes.named(claim)


def person_inactive(user_id: str) -> Explanation:
    """Return that the person as whom a key acts is not active."""
    person = User.objects.filter(user_id=user_id).values_list("pk", flat=True).first()
    who = done_by([EventKind.PERSON_DEACTIVATED], person_id=person)
    return Explanation(
        f"The key that signed acts as a person who was deactivated{who}.",
        "Activate the person on their page under People, or add a key that acts as somebody else.",
    )


def other_audience(sent: Any, accepted: Collection[str]) -> Explanation:
    """Return that the `aud` names somebody else, or nobody; None where it is missing."""
    entries = sent if isinstance(sent, list) else [sent]
    said = " and ".join(echoes.named(entry) for entry in entries[:3]) or "an empty list"
    best = sorted(accepted, key=len)
    return Explanation(
        f"aud is {'missing' if sent is None else said}, but must be {' or '.join(best)}.",
        f"Set aud to {best[0]}.",
        {"accepted": best},
    )


def missing(name: str) -> Explanation:
    """Return that a claim is missing."""
    return Explanation(f"The JWT has no {name}.", f"Add the claim {name} to the JWT.")


def wrong_type(name: str, expected: str) -> Explanation:
    """Return that a claim is not what it must be, such as "a number of seconds since 1970"."""
    return Explanation(f"The claim {name} is not {expected}.", f"Write {name} as {expected}.")


def not_an_object() -> Explanation:
    """Return that what was signed is no set of claims."""
    return Explanation(
        "The payload of the JWT is not a JSON object.",
        "Sign a JSON object with the claims iss, sub, and exp.",
    )


def too_long_lived(expires: datetime, longest: timedelta, now: datetime) -> Explanation:
    """Return that the `exp` is too far ahead."""
    seconds, most = seconds_between(now, expires), int(longest.total_seconds())
    unit = " If it is in milliseconds, divide it by 1000." if seconds > 100 * most else ""
    return Explanation(
        f"exp is {seconds} s in the future; the limit is {most} s.",
        f"Set exp to a minute from now, in seconds since 1970.{unit}",
        {"exp": expires.isoformat()},
    )


def expired(expires: datetime, now: datetime) -> Explanation:
    """Return that the `exp` has passed, and what that says about the client's clock."""
    past = now - expires
    details = {"exp": expires.isoformat(), "seconds": int(past.total_seconds())}
    cause = f"exp is {round(past.total_seconds())} s in the past"
    if past < SLOW_CLOCK:
        return Explanation(
            f"{cause}: the client's clock is about {minutes(past)} slow, or the JWT was kept too long.",
            SET_CLOCK,
            details,
        )
    return Explanation(
        f"{cause}: the JWT was kept and sent again, or the client's clock or time zone is wrong.",
        f"{SIGN_NEW} exp is in seconds since 1970, UTC.",
        details,
    )


def not_yet_valid(name: str, begins: datetime, now: datetime) -> Explanation:
    """Return that the `nbf` or `iat` is still to come, and what that says about the client's clock."""
    ahead = begins - now
    return Explanation(
        f"{name} is {round(ahead.total_seconds())} s in the future: the client's clock is about "
        f"{minutes(ahead)} fast.",
        SET_CLOCK if ahead < SLOW_CLOCK else f"{SET_CLOCK} {name} is in seconds since 1970, UTC.",
        {name: begins.isoformat(), "seconds": int(ahead.total_seconds())},
    )


def minutes(span: timedelta) -> str:
    """Return a span in whole minutes, or hours where it is long, as people say it."""
    seconds = span.total_seconds()
    number, unit = (round(seconds / HOUR), "hour") if seconds > 2 * HOUR else (round(seconds / 60), "minute")
    word = NUMBERS[number] if number < len(NUMBERS) else str(number)
    return f"{word} {unit}{'' if number == 1 else 's'}"


def used_before(assertion_id: str | None, application_id: int, at: datetime) -> Explanation:
    """Return that the `jti` was used before, and when first.

    Args:
        assertion_id: the digest of the `jti`.
        application_id: the client's application.
        at: when the request was refused.
    """
    first = AccessToken.objects.filter(application=application_id, assertion_id=assertion_id).order_by("pk")
    created = first.values_list("created", flat=True).first() if assertion_id else None
    when = f" {ago(created, at)}" if created and created <= at else ""
    return Explanation(
        f"The jti of the JWT was used before{when}; each works once.",
        f"{SIGN_NEW} Its jti must be a new random value.",
        {"used_at": created.isoformat()} if created else {},
    )


def client_assertion_used() -> Explanation:
    """Return that the `jti` was used before by which a client says who it is."""
    return Explanation(
        "The jti of the client_assertion was used before; each works once, even if the request was refused.",
        "Sign a new client_assertion with a new random jti for each request, retries included.",
    )


def acts_as_person() -> Explanation:
    """Return that a key that acts as a person cannot say who a client is."""
    return Explanation(
        "The client_assertion is signed with a key that acts as a person.",
        "Sign with a key that acts as the application: add one under Settings › Public Keys.",
    )


def exchange_missing() -> Explanation:
    """Return that a request has no JWT to exchange."""
    return Explanation(
        "The request has no assertion (or, at the JWT exchange, no jwt_token).",
        "Send the signed JWT under that name.",
    )


# By `AssertionFaultError.fault`.
OF_CLAIMS: dict[str, Callable[..., Explanation]] = {
    "form": malformed,
    "payload": not_an_object,
    "audience": other_audience,
    "missing": missing,
    "type": wrong_type,
    "too_long": too_long_lived,
    "expired": expired,
    "early": not_yet_valid,
    "person": acts_as_person,
    "inactive": person_inactive,
}
OF_IDS: dict[str, Callable[..., Explanation]] = {
    "issuer": other_issuer,
    "subject": other_subject,
}
