"""The organization's identity providers (OpenID Connect), and which sessions they began."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.identifiers import new_identifier, validate_identifier
from accounts.models.users import User


class IdentityProvider(models.Model):
    """An OpenID Connect provider at which people sign in.

    Who they are there is in django-allauth's `SocialAccount`: `provider` is the issuer, `uid` the `sub`.
    """

    provider_id = models.CharField(
        max_length=32, unique=True, default=new_identifier, validators=[validate_identifier], editable=False
    )
    name = models.CharField("Name", max_length=80)
    # Stands in the discovery document letter by letter (OpenID Connect Discovery 1.0 section 4.3).
    issuer = models.CharField("Issuer", max_length=200, unique=True)
    client_id = models.CharField("Client ID", max_length=255)
    # Encrypted (accounts.security.ciphers); nobody reads it again but the token request.
    sealed_secret = models.TextField(editable=False)
    scopes = models.CharField("Scopes", max_length=255, default="openid email profile")
    # What the discovery document said, and when it was read.
    discovery = models.JSONField(default=dict, editable=False)
    discovered_at = models.DateTimeField(default=timezone.now, editable=False)
    is_enabled = models.BooleanField("Offered at sign-in", default=True)
    # Lower-case domains; whoever has a verified email address in one may be linked or provisioned.
    allowed_domains = models.JSONField("Allowed email domains", default=list, blank=True)
    provisions = models.BooleanField("Create members on first sign-in", default=False)
    # The claim that lists groups; empty where roles are not taken from the provider.
    groups_claim = models.CharField("Groups claim", max_length=80, blank=True)
    administrator_groups = models.JSONField("Administrator groups", default=list, blank=True)
    auditor_groups = models.JSONField("Auditor groups", default=list, blank=True)
    # Values of `amr` (RFC 8176) or `acr` that count as a second factor here.
    second_factor_values = models.JSONField("Counts as a second factor", default=list, blank=True)
    # Whether a back-channel logout ends tokens too, not sessions alone.
    logout_ends_tokens = models.BooleanField("Sign-out there ends tokens", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class ProviderSession(models.Model):
    """A session that began at an identity provider, so that a logout there finds it.

    The session is named as its owner's list does (`accounts.sessions.current.session_digest`).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="provider_sessions")
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="sessions")
    session_digest = models.CharField(max_length=64, unique=True)
    subject = models.CharField(max_length=191)
    # The provider's own name of its session, where it has one (OpenID Connect Back-Channel Logout 1.0).
    sid = models.CharField(max_length=255, blank=True)
    began_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["provider", "subject"], name="sessions_of_subject"),
            models.Index(fields=["provider", "sid"], name="sessions_of_sid"),
        ]

    def __str__(self) -> str:
        return f"Session of {self.user} at {self.provider}"


class ScimToken(models.Model):
    """A bearer token with which an identity provider calls SCIM; only its digest is kept."""

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Its last characters, by which people tell tokens apart.
    hint = models.CharField(max_length=8, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name
