"""People, and how they are found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.fields import LowerCaseEmailField
from accounts.models.identifiers import new_identifier, validate_identifier, validate_username

# How closely it is known when somebody was last active: browsing costs one write in so long.
ACTIVITY_INTERVAL = timedelta(minutes=1)

USERNAME_TAKEN = "Another person has this username."
EMAIL_TAKEN = "Another person has this email address."


class Role(models.TextChoices):
    """What a person may do here: everybody may consent, administrators and auditors reach "System".

    Auditors see what administrators see there, and change nothing.
    """

    ADMINISTRATOR = "administrator", "Administrator"
    AUDITOR = "auditor", "Auditor"
    MEMBER = "member", "Member"


class Status(models.TextChoices):
    """Whether a person may sign in, or has yet to."""

    ACTIVE = "active", "Active"
    INVITED = "invited", "Invited"
    INACTIVE = "inactive", "Inactive"


# The roles with access to "System".
SYSTEM_ROLES = (Role.ADMINISTRATOR, Role.AUDITOR)


class UserManager(BaseUserManager["User"]):
    """Finds and makes people."""

    def administrators(self) -> models.QuerySet[User]:
        """Return the people who may change "System"."""
        return self.filter(role=Role.ADMINISTRATOR, is_active=True)

    def with_system_access(self) -> models.QuerySet[User]:
        """Return the people with access to "System": administrators and auditors."""
        return self.filter(role__in=SYSTEM_ROLES, is_active=True)

    def of_status(self, status: str) -> models.QuerySet[User]:
        """Return those of a status; `Status` names them."""
        return self.filter(is_active=status == Status.ACTIVE, joined_at__isnull=status == Status.INVITED)

    def whose(self, field: str, value: str) -> models.QuerySet[User]:
        """Return those who have a username or email address, whatever its capitals.

        Asks for what the two are indexed by; `iexact` asks for upper case, which follows no index.

        Args:
            field: `username` or `email`.
            value: the username or email address.
        """
        return self.alias(lowered=Lower(field)).filter(lowered=value.lower())

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person of that username, whatever its capitals."""
        return self.whose("username", username or "").get()

    def whose_login(self, login: str) -> models.QuerySet[User]:
        """Return the person with a username or email address, ignoring case: at most one."""
        return self.whose("email" if "@" in login else "username", login)

    def with_login(self, login: str) -> User | None:
        """Return the person of that username or email address, whatever its capitals."""
        return self.whose_login(login).first()

    def called(self, name: str) -> User | None:
        """Return the person of that username, email address or User ID, whatever its capitals."""
        return self.with_login(name) or self.filter(user_id=name.lower()).first()


class User(AbstractBaseUser):
    """A person. People are deactivated, never deleted: what they did must stay explicable."""

    user_id = models.CharField(
        "User ID", max_length=32, unique=True, default=new_identifier, validators=[validate_identifier]
    )
    username = models.CharField("username", max_length=64, validators=[validate_username])
    email = LowerCaseEmailField("email address")
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    is_active = models.BooleanField("active", default=True)
    # Somebody else knows the password, such as whoever read the log of a first run: it only begins a sign-in.
    must_change_password = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When they first had a password; None as long as they are only invited.
    joined_at = models.DateTimeField(default=timezone.now, null=True, editable=False)
    wants_access_mail = models.BooleanField(
        "Email me when an administrator revokes access", default=True, db_default=True
    )
    # Counts for the inactivity expiration of refresh tokens; as of ACTIVITY_INTERVAL.
    last_active_at = models.DateTimeField(default=timezone.now, editable=False)
    # When they were last promoted from member to a role with access to System; None if they never were.
    promoted_at = models.DateTimeField(null=True, editable=False)
    # How often all their sessions were ended at once: a session that began before is none anymore.
    session_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    # What the system that provisions people calls this one (RFC 7643 section 3.1); None where none does.
    external_id = models.CharField(max_length=255, null=True, unique=True, editable=False)  # noqa: DJ001

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="unique_username",
                violation_error_message=USERNAME_TAKEN,
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="unique_email",
                violation_error_message=EMAIL_TAKEN,
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="email_in_lower_case",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="known_role"),
            models.CheckConstraint(
                condition=models.Q(is_active=False) | models.Q(joined_at__isnull=False),
                name="active_has_joined",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The person's name, or the username where none was given."""
        return self.name or self.username

    @property
    def is_administrator(self) -> bool:
        """Whether the person may view and change "System"."""
        return self.is_active and self.role == Role.ADMINISTRATOR

    @property
    def is_auditor(self) -> bool:
        """Whether the person may view "System" but not change it."""
        return self.is_active and self.role == Role.AUDITOR

    @property
    def has_system_access(self) -> bool:
        """Whether the person has access to "System", as an administrator or an auditor."""
        return self.is_administrator or self.is_auditor

    @property
    def status(self) -> Status:
        """Whether the person may sign in, or has yet to."""
        if self.is_active:
            return Status.ACTIVE
        return Status.INACTIVE if self.joined_at else Status.INVITED

    def get_session_auth_hash(self) -> str:
        """Return what a session keeps of how it began: under which password, and which session version."""
        return self.with_session_version(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same under former secret keys."""
        return map(self.with_session_version, super().get_session_auth_fallback_hash())

    def is_session_auth_hash(self, auth_hash: str) -> bool:
        """Return whether a session or sign-in that keeps this hash goes on: under a former secret key too."""
        current = [self.get_session_auth_hash(), *self.get_session_auth_fallback_hash()]
        return any(constant_time_compare(auth_hash, each) for each in current)

    def with_session_version(self, auth_hash: str) -> str:
        """Return a hash that names the session version too, unless it is still the first."""
        return f"{auth_hash}-{self.session_version}" if self.session_version else auth_hash
