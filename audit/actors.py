"""Who does something, and from where: what services know of a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.http import HttpRequest

from audit.ip_addresses import client_ip

if TYPE_CHECKING:
    from django.contrib.auth.models import _User as User  # what the stubs call AUTH_USER_MODEL's class


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody who changes something.

    Attributes:
        user: the person; None for a command or a client.
        label: how events name the actor when it is not a person.
        ip_address: the IP address that the request came from.
        user_agent: the client that sent it, as it calls itself.
        request_id: the id under which the request is found in logs.
    """

    user: User | None = None
    label: str = ""
    ip_address: str = ""
    user_agent: str = ""
    request_id: str = ""

    @property
    def name(self) -> str:
        """The actor in words, for events."""
        return self.user.display_name if self.user else self.label

    @classmethod
    def of(cls, request: HttpRequest) -> Actor:
        """Return the actor behind a web request."""
        user = getattr(request, "user", None)
        return replace(cls.anonymous(request), user=user if isinstance(user, get_user_model()) else None)

    @classmethod
    def anonymous(cls, request: HttpRequest) -> Actor:
        """Return whoever sent a request that no session speaks for: only where it came from is known."""
        return cls(
            ip_address=client_ip(request.META),
            user_agent=user_agent(request),
            request_id=getattr(request, "request_id", ""),
        )

    def as_client(self, client_id: str) -> Actor:
        """Return the same actor once it has shown that it is this client."""
        return replace(self, label=f"client {client_id}")

    def as_provider(self, name: str) -> Actor:
        """Return the same actor, acting for an identity provider."""
        return replace(self, label=f"identity provider {name}")

    def as_scim_token(self, name: str) -> Actor:
        """Return the same actor, authenticated by the SCIM token with this name."""
        return replace(self, label=f"SCIM token {name}")

    @classmethod
    def command(cls, name: str) -> Actor:
        """Return the actor behind a management command."""
        return cls(label=f"manage.py {name}")


# Finds out who sent a request: few requests want to know, and looking takes as long as looking a token up.
Sender = Callable[[], Actor]


def user_agent(request: HttpRequest) -> str:
    """Return the client that sent the request, as it calls itself, cut to a length that events keep."""
    return request.headers.get("User-Agent", "")[:300]
