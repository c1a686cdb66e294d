"""People and their organization, as rows."""

from accounts.models.cache_entries import CacheEntry
from accounts.models.emails import WaitingEmail
from accounts.models.identifiers import new_identifier, validate_identifier
from accounts.models.identity_providers import IdentityProvider, ProviderSession, ScimToken
from accounts.models.links import LinkPurpose, OneTimeLink
from accounts.models.organization import Organization, PasswordRule
from accounts.models.provisioned import ProvisionedPerson
from accounts.models.users import (
    ACTIVITY_INTERVAL,
    EMAIL_TAKEN,
    SYSTEM_ROLES,
    USERNAME_TAKEN,
    Role,
    Status,
    User,
)

__all__ = [
    "ACTIVITY_INTERVAL",
    "EMAIL_TAKEN",
    "SYSTEM_ROLES",
    "USERNAME_TAKEN",
    "CacheEntry",
    "IdentityProvider",
    "LinkPurpose",
    "OneTimeLink",
    "Organization",
    "PasswordRule",
    "ProviderSession",
    "ProvisionedPerson",
    "Role",
    "ScimToken",
    "Status",
    "User",
    "WaitingEmail",
    "new_identifier",
    "validate_identifier",
]
