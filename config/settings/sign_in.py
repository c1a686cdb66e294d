"""How people sign in: django-allauth, one page, username or email address and password."""

AUTHENTICATION_BACKENDS = ["accounts.backend.PasswordBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.security.passwords.MaximumLengthValidator"},
    {"NAME": "accounts.security.passwords.StrengthValidator"},
]
PASSWORD_HASHERS = ["server.passwords.Hasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
# A link to set a password is good for one use within a day, mailed or handed over by an administrator; an
# invitation within a week.
LINK_SECONDS = 24 * 60 * 60
INVITATION_SECONDS = 7 * 24 * 60 * 60

ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.adapters.account.MailedKeys"  # noqa: S105  # a class
ACCOUNT_ADAPTER = "accounts.adapters.account.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.sign_in.SignInForm",
    "change_password": "oauthapps.people.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.sign_in.PasswordMailForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# The session's length is SESSION_COOKIE_AGE's business, not a tick box's.
ACCOUNT_SESSION_REMEMBER = True
# Unknown email addresses get the same page and no email: nobody learns who has an account or gets spam.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
# accounts.security.throttling says what is counted. "ip" is a network, "key" a name in it: strangers
# elsewhere keep nobody out. Sign-ins that succeed are not counted: an office may have one IP address.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    # django-allauth's for second factors: one that is right makes it forget what it has counted.
    "login_failed": "10/m/ip,5/5m/key",
    "sign_in_failed": "10/m/ip,5/5m/key",
    # The name in all networks together: from then on those who sign in from a new one are slowed down.
    "sign_in_guessed": "20/15m/key",
    # Codes that an identity provider didn't accept, from one network.
    "wrong_code": "20/m/key",
    # People sent to an identity provider, from one network where nobody has signed in.
    "sent_to_provider": "60/m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
    "reset_password": "20/m/ip,5/15m/key",
    # The email address in all new networks together: nobody's mailbox is flooded.
    "reset_password_by_strangers": "20/15m/key",
}
# How long somebody waits who is slowed down, and what lets others be served meanwhile.
SIGN_IN_SLOWED_SECONDS: float = 5
WAITS_ASIDE = "server.workers.permits.aside"
# What is told about refused sign-ins with identity providers, for the request inspector.
SIGN_IN_REFUSALS = "oauthapps.people.sign_in_notes.note_refusal"
# Whether identity providers may be in the installation's own network, or on this machine.
IDENTITY_PROVIDER_PRIVATE = False
# How long a network is known from which somebody has signed in.
KNOWN_NETWORK_SECONDS = 90 * 24 * 60 * 60
# So many networks of strangers an hour have a row of their own for their failures; the others share one.
STRANGERS_AN_HOUR = 20
# Seconds a sign-in counts as recent enough for a destructive act.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Seconds a sign-in counts as recent enough to hand out access or widen it: a key, a redirect URL, a lifetime.
STEP_UP_SECONDS = 30 * 60

# How long administrators and auditors have to set up a second factor where their organization requires one.
SECOND_FACTOR_GRACE_SECONDS = 7 * 24 * 60 * 60
# What administrators reach who have none after that: pages that protect the account or take access away.
# Every other page that needs a sign-in is closed to them.
OPEN_WITHOUT_SECOND_FACTOR = {
    "account_change_password",
    "account_reauthenticate",
    "connected:apps",
    "connected:revoke",
    "connected:revoke-all",
    "connected:time-limit",
    "end-other-sessions",
    "end-session",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_index",
    "mfa_list_webauthn",
    "security",
    "sessions",
}
# What is closed to them as well, although it is open to everybody: here an application is allowed.
NEEDS_SECOND_FACTOR = {"oauth2_provider:authorize"}

MFA_ADAPTER = "accounts.adapters.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
# N of scrypt (RFC 7914) for the digest of a recovery code: 16 MB and some 50 ms of a processor. Once it is
# changed, codes that were shown before are refused.
RECOVERY_CODE_COST = 2**14
MFA_FORMS = {
    "activate_totp": "accounts.forms.authenticator_app.AuthenticatorAppForm",
    "authenticate": "accounts.forms.codes.CodeForm",
    "reauthenticate": "accounts.forms.codes.CodeAgainForm",
    "add_webauthn": "accounts.forms.passkeys.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.passkeys.NamePasskeyForm",
    "login_webauthn": "accounts.forms.passkeys.PasskeySignInForm",
    "authenticate_webauthn": "accounts.forms.passkeys.PasskeySecondFactorForm",
    "reauthenticate_webauthn": "accounts.forms.passkeys.PasskeyAgainForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey replaces password and second factor: it must have known its owner, wherever it is shown.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
# There is nothing to guess, and an office may have one IP address.
MFA_RATE_LIMITS = {"webauthn_login": None}
MFA_RECOVERY_CODE_COUNT = 10
# Long enough that a slow digest of them cannot be searched (accounts.services.recovery_codes).
MFA_RECOVERY_CODE_DIGITS = 16
MFA_RECOVERY_CODES_SHOW_ONCE = True

# Forms with something to keep that wait where the sign-in ran out in between (accounts.pages.kept_forms). Not
# the pages that take nothing but passwords, codes and keys.
KEPT_FORMS = {
    "console:add-secret",
    "console:add-sent-url",
    "console:api",
    "console:application",
    "console:delete-api",
    "console:delete-application",
    "console:delete-key",
    "console:delete-secret",
    "console:enable-application",
    "console:generate-key",
    "console:give-exception",
    "console:ignore-finding",
    "console:new-api",
    "console:new-application",
    "console:key-expiry",
    "console:open-add-key",
    "console:purge-application",
    "console:restore-application",
    "console:retire-key",
    "console:retire-secret",
    "console:revert-event",
    "console:secret-expiry",
    "console:secret-notes",
    "console:stored-unsaved",
    "console:unsaved-settings",
    "change-person",
    "customer-id",
    "delete-identity-provider",
    "identity-provider",
    "invite-person",
    "mfa_edit_webauthn",
    "new-identity-provider",
    "organization",
    "scim-tokens",
    "sign-in-rules",
}
# What no form keeps, by the names of the fields that have it: passwords, one-time codes, the answer of a
# passkey, the key of a one-time link, a public key, since it may turn out to be a private one, and what
# is pasted to be tried.
NEVER_KEPT_FIELDS = {
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "credential",
    "jwt",
    "key",
    "oldpassword",
    "password",
    "password1",
    "password2",
    "pasted",
    "public_key",
}
