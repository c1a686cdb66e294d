"""The organization's identity providers (OpenID Connect), and which sessions they began."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.identifiers import new_identifier, validate_identifier
from accounts.models.users import User


class IdentityProvider(models.Model):
    """An OpenID Connect provider that people sign in with.

    Linked accounts are rows of django-allauth's `SocialAccount`: `provider` is the issuer, `uid` the `sub`.
    """

    provider_id = models.CharField(
        max_length=32, unique=True, default=new_identifier, validators=[validate_identifier], editable=False
    )
    name = models.CharField("Name", max_length=80)
    # Exactly as in the discovery document (OpenID Connect Discovery 1.0 section 4.3).
    issuer = models.CharField("Issuer", max_length=200, unique=True)
    client_id = models.CharField("Client ID", max_length=255)
    # Encrypted (accounts.security.ciphers); only the token request decrypts it.
    sealed_secret = models.TextField(editable=False)
    scopes = models.CharField("Scopes", max_length=255, default="openid email profile")
    # What the discovery document said, and when it was read.
    discovery = models.JSONField(default=dict, editable=False)
    discovered_at = models.DateTimeField(default=timezone.now, editable=False)
    is_enabled = models.BooleanField("Enabled", default=True)
    # Lower-case domains; people with a verified email address in one can be linked or created.
    allowed_domains = models.JSONField("Allowed email domains", default=list, blank=True)
    provisions = models.BooleanField("Create members on first sign-in", default=False)
    # The claim that lists groups; empty if roles don't come from the provider.
    groups_claim = models.CharField("Groups claim", max_length=80, blank=True)
    administrator_groups = models.JSONField("Administrator groups", default=list, blank=True)
    auditor_groups = models.JSONField("Auditor groups", default=list, blank=True)
    # Values of `amr` (RFC 8176) or `acr` that count as a second factor here.
    second_factor_values = models.JSONField("Second-factor values", default=list, blank=True)
    # Whether a back-channel logout ends tokens as well as sessions.
    logout_ends_tokens = models.BooleanField("Sign-out also ends tokens", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class ProviderSession(models.Model):
    """A session that began at an identity provider, so that a logout there finds it.

    The session is identified by a digest of its key (`accounts.sessions.current.session_digest`).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="provider_sessions")
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="sessions")
    session_digest = models.CharField(max_length=64, unique=True)
    subject = models.CharField(max_length=191)
    # The provider's own ID for its session, if it has one (OpenID Connect Back-Channel Logout 1.0).
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
    """A bearer token with which the organization's directory calls SCIM; only its digest is stored."""

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Its last characters, so that people can tell tokens apart.
    hint = models.CharField(max_length=8, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name
