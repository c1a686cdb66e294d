"""Slowing down whoever guesses passwords or has mails sent, telling nobody who exists and keeping nobody out.

Failures are counted by what was typed, whether or not it is anybody's name, and under a digest, because it
may be a password. The rates stand in ACCOUNT_RATE_LIMITS. What succeeds is never counted.
"""

import math
import threading
import time
from contextlib import AbstractContextManager
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from audit.ip_addresses import client_network
from common.words import counted

# So many sign-ins may be slowed down at once in a process: each of them keeps a thread.
SLOWED_AT_ONCE = 4
# A longer wait is told in minutes.
MOST_SECONDS = 90
slowed = threading.BoundedSemaphore(SLOWED_AT_ONCE)


class TooManyAttemptsError(Exception):
    """Somebody has to wait before they try again.

    Attributes:
        seconds: for how long.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def digest(*parts: str) -> str:
    """Return what stands for something typed in the place where attempts are counted."""
    return salted_hmac("attempts", "\0".join(parts).lower(), algorithm="sha256").hexdigest()


def throttle_sign_in(request: HttpRequest, login: str) -> None:
    """Let an attempt to sign in go on, at once or after a few seconds.

    Many failures under one name from many networks are a distributed guess. It slows down those who sign in
    under that name from networks from which nobody has signed in lately; the others do not notice.

    Args:
        request: the attempt.
        login: the username or email address that was typed.

    Raises:
        TooManyAttemptsError: after too many failures from this network, or while too many wait already.
    """
    seconds = seconds_to_wait(request, "sign_in_failed", digest(client_network(request.META), login))
    if seconds:
        raise TooManyAttemptsError(seconds)
    if is_guessed(request, login) and not is_known(request):
        slow_down()


def count_failure(request: HttpRequest, login: str) -> None:
    """Count an attempt to sign in that failed, for its network and for the name."""
    consume(request, "sign_in_failed", digest(client_network(request.META), login))
    consume(request, "sign_in_guessed", digest(login))


def throttle_codes(request: HttpRequest) -> None:
    """Refuse an authorization response after too many invalid codes from this network.

    Each one costs a request to the provider, and only a few can be under way at once.

    Raises:
        TooManyAttemptsError: which says how long to wait.
    """
    if seconds := seconds_to_wait(request, "wrong_code", digest(client_network(request.META))):
        raise TooManyAttemptsError(seconds)


def count_wrong_code(request: HttpRequest) -> None:
    """Count a code that an identity provider didn't accept, for the network it came from."""
    consume(request, "wrong_code", digest(client_network(request.META)))


def throttle_departure(request: HttpRequest) -> None:
    """Count that somebody is sent to an identity provider from a network where nobody has signed in.

    Their session keeps where they were going, and maybe a form, so strangers could fill the table.

    Raises:
        TooManyAttemptsError: when there were too many from this network.
    """
    if not is_known(request):
        count_or_refuse(request, "sent_to_provider", digest(client_network(request.META)))


def throttle_mail(request: HttpRequest, email: str) -> None:
    """Count a request for a mail to an email address.

    Strangers share an allowance, so that nobody is flooded with mails; it is not that of networks from which
    people have signed in.

    Raises:
        TooManyAttemptsError: when there were too many from this network, or from strangers' networks.
    """
    count_or_refuse(request, "reset_password", digest(client_network(request.META), email))
    if not is_known(request):
        count_or_refuse(request, "reset_password_by_strangers", digest(email))


def is_guessed(request: HttpRequest, login: str) -> bool:
    """Return whether there were so many failures under a name that somebody guesses its password."""
    return seconds_to_wait(request, "sign_in_guessed", digest(login)) > 0


def remember_network(request: HttpRequest) -> None:
    """Record that somebody has signed in from a network, or set a password with a link they were sent."""
    network = client_network(request.META)
    if network:
        cache.set(f"known:{network}", True, settings.KNOWN_NETWORK_SECONDS)


def is_known(request: HttpRequest) -> bool:
    """Return whether somebody has lately signed in from the network of a request.

    Anybody: if it had to be the person under whose name somebody tries, neighbors would learn who exists.
    """
    return bool(cache.get(f"known:{client_network(request.META)}"))


def slow_down() -> None:
    """Wait for SIGN_IN_SLOWED_SECONDS while others are served.

    Raises:
        TooManyAttemptsError: when too many others wait.
    """
    aside: Any = import_string(settings.WAITS_ASIDE)
    if not slowed.acquire(blocking=False):
        raise TooManyAttemptsError(math.ceil(settings.SIGN_IN_SLOWED_SECONDS))
    try:
        meanwhile: AbstractContextManager[None] = aside()
        with meanwhile:
            time.sleep(settings.SIGN_IN_SLOWED_SECONDS)
    finally:
        slowed.release()


def count_or_refuse(request: HttpRequest, action: str, key: str) -> None:
    """Count that something happens.

    Raises:
        TooManyAttemptsError: when it would happen too often.
    """
    if not consume(request, action, key):
        raise TooManyAttemptsError(seconds_to_wait(request, action, key) or 1)


def seconds_to_wait(request: HttpRequest, action: str, key: str) -> int:
    """Return after how many seconds an action is within its rates again; 0 when it is now.

    Nothing is counted, so that attempts that are under way do not stand in the way of each other.
    """
    now, waits = time.time(), [0]
    for rate in ratelimit.get_rates(app="allauth.account", action=action):
        place = ratelimit.get_cache_key(request, app="allauth.account", action=action, rate=rate, key=key)
        counted = [at for at in cache.get(place, []) if at > now - rate.duration]  # the latest first
        if len(counted) >= rate.amount:
            waits.append(math.ceil(counted[rate.amount - 1] + rate.duration - now))
    return max(waits)


def longest_wait(action: str) -> int:
    """Return how many seconds an action may have to wait at most."""
    rates = ratelimit.get_rates(app="allauth.account", action=action)
    return int(max(rate.duration for rate in rates))


def consume(request: HttpRequest, action: str, key: str) -> bool:
    """Count that something happened, and return whether that is within its rates."""
    usage = ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
    return usage is not None


def wait_in_words(seconds: int) -> str:
    """Return a time to wait in words, such as "4 minutes", rounded up."""
    if seconds <= MOST_SECONDS:
        return counted(seconds, "second")
    return counted(math.ceil(seconds / 60), "minute")
