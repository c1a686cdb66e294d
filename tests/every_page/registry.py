"""Every page of the installation and the states it is looked at in: a new page is one line of `VISITS`."""

from tests.every_page.visits import (
    Visit,
    consent_request,
    give_the_first_password,
    give_the_password_only,
    guess,
    invitation_key,
    link_key,
    type_too_late,
)
from tests.every_page.worlds import State

FILLED, EMPTY, FULL, HOSTILE = State
ALWAYS = (FILLED, EMPTY, FULL, HOSTILE)
BEFORE_ANYTHING = (EMPTY,)
ONCE = (FILLED,)
SOMEBODY_NEW = {"name": "Ines", "username": "ines", "email": "ines@example.org", "role": "member"}

SIGNING_IN = (
    Visit("account_login", by="", states=ONCE),
    Visit("account_login", "refused", by="", states=ONCE, sends={"login": "maria", "password": "x"}),
    Visit(
        "account_login",
        "too often",
        by="",
        states=ONCE,
        before=guess,
        sends={"login": "maria", "password": "x"},
        status=429,
    ),
    Visit("account_inactive", by="", states=ONCE),
    Visit("account_reset_password", by="", states=ONCE),
    Visit("account_reset_password", "refused", by="", states=ONCE, sends={"email": "nobody"}),
    Visit("account_reset_password_done", by="", states=ONCE),
    Visit("set-password", by="", query=link_key),
    Visit("set-password", "invited", by="", states=ONCE, query=invitation_key),
    Visit(
        "set-password",
        "refused",
        by="",
        states=ONCE,
        query=link_key,
        sends={"password1": "short", "password2": "other"},
        status=422,
    ),
    Visit("set-password", "signed in as somebody else", states=ONCE, query=invitation_key),
    Visit("set-password", "over", by="", states=ONCE, status=400),
    Visit("first-password", by="", states=ONCE, before=give_the_first_password),
    Visit(
        "first-password",
        "refused",
        by="",
        states=ONCE,
        before=give_the_first_password,
        sends={"password1": "short", "password2": "other"},
    ),
    Visit("mfa_authenticate", by="", states=ONCE, before=give_the_password_only),
    Visit(
        "mfa_authenticate",
        "refused",
        by="",
        states=ONCE,
        before=give_the_password_only,
        sends={"code": "000000"},
    ),
)

ACCOUNT = (
    Visit("home", by="member"),
    Visit("account_logout"),
    Visit("account_change_password"),
    Visit(
        "account_change_password",
        "refused",
        states=ONCE,
        sends={"oldpassword": "wrong", "password1": "short"},
    ),
    Visit("account_reauthenticate"),
    Visit("account_reauthenticate", "refused", states=ONCE, sends={"password": "wrong"}),
    Visit("security", states=BEFORE_ANYTHING),
    Visit("mfa_index", by="careful"),
    Visit("mfa_reauthenticate", by="careful", states=ONCE),
    Visit("mfa_reauthenticate_webauthn", by="careful", states=ONCE),
    Visit("mfa_list_webauthn", states=BEFORE_ANYTHING),
    Visit("mfa_list_webauthn", "with some", by="careful"),
    Visit("mfa_add_webauthn", states=ONCE),
    Visit("mfa_add_webauthn", "refused", states=ONCE, sends={"name": "W" * 200, "credential": ""}),
    Visit("mfa_edit_webauthn", of="passkey", by="careful"),
    Visit("mfa_edit_webauthn", "refused", of="passkey", by="careful", states=ONCE, sends={"name": ""}),
    Visit("mfa_remove_webauthn", of="passkey", by="careful"),
    Visit("sessions", by="careful"),
    Visit("end-session", of="session", by="careful"),
    Visit("end-other-sessions", by="careful", states=ONCE),
    Visit("end-other-sessions", "none", states=BEFORE_ANYTHING),
    Visit("kept-form", before=type_too_late),
    Visit("mfa_activate_totp", states=BEFORE_ANYTHING),
    Visit("mfa_activate_totp", "refused", states=ONCE, sends={"code": "000000"}),
    Visit("mfa_deactivate_totp", by="careful", states=ONCE),
    Visit("mfa_view_recovery_codes", by="careful", states=ONCE),
    Visit("mfa_generate_recovery_codes", by="careful", states=ONCE),
    Visit("connected:apps", states=ALWAYS),
    Visit("connected:revoke", of="web"),
    Visit("connected:revoke-all"),
)

PEOPLE = (
    Visit("people", states=ALWAYS),
    Visit("people", "nobody found", states=ONCE, query=lambda _: {"q": "W" * 200}),
    Visit("invite-person", states=ONCE),
    Visit("invite-person", "refused", states=ONCE, sends={"username": "a b", "email": "x"}, status=422),
    Visit("invite-person", "done", states=ONCE, sends=SOMEBODY_NEW),
    Visit("person", of="person:administrator"),
    Visit("person", "in nothing", of="person:member", states=BEFORE_ANYTHING),
    Visit("person", "inactive", of="person:gone"),
    Visit("person", "invited", of="person:invited"),
    Visit("change-person", of="person:member"),
    Visit(
        "change-person",
        "refused",
        of="person:member",
        states=ONCE,
        sends={"name": "W" * 200, "username": "", "email": "x"},
        status=422,
    ),
    Visit(
        "change-person",
        "changed by two",
        of="person:member",
        sends={"name": "My name for them", "based_on": '{"name": ""}'},
        status=409,
    ),
    Visit("password-link", of="person:member"),
    Visit("password-link", "made", of="person:member", sends={}),
    Visit("invite-again", of="person:invited", states=ONCE),
    Visit("withdraw-invitation", of="person:invited", states=ONCE),
    Visit("deactivate-person", of="person:careful"),
    Visit("deactivate-person", "oneself", of="person:administrator", states=ONCE),
    Visit("activate-person", of="person:gone", states=ONCE),
    Visit("organization"),
    Visit("organization", "refused", states=ONCE, sends={"name": "", "domain": "A b"}, status=422),
    Visit(
        "organization",
        "changed by two",
        sends={"name": "My name for it", "based_on": '{"name": ""}'},
        status=409,
    ),
    Visit("customer-id"),
    Visit("customer-id", "refused", states=ONCE, sends={"customer_id": "x"}, status=422),
)

APPLICATIONS = (
    Visit("console:applications", states=ALWAYS),
    Visit("console:new-application", states=(EMPTY, FULL)),
    Visit("console:new-application", "refused", states=ONCE, sends={"name": "W" * 200}, status=422),
    Visit(
        "console:new-application", "its secret", states=ONCE, sends={"app_type": "web", "name": "Field app"}
    ),
    Visit("console:application", "web", of="web"),
    Visit("console:application", "single page", of="single page"),
    Visit("console:application", "machine", of="machine"),
    Visit("console:application", "with nothing yet", of="bare"),
    Visit("console:application", "disabled", of="disabled"),
    Visit("console:application-activity", "web", of="web"),
    Visit("console:application-activity", "disabled", of="disabled"),
    Visit(
        "console:application-activity",
        "nothing found",
        of="single page",
        states=ONCE,
        query=lambda _: {"what": "secret:"},
    ),
    Visit(
        "console:application-activity",
        "refused",
        of="single page",
        states=ONCE,
        query=lambda _: {"address": "x" * 200, "first": "2026-02-01", "last": "2026-01-01"},
        status=422,
    ),
    Visit("console:application-use", "web", of="web"),
    Visit("console:application-use", "single page", of="single page"),
    Visit("console:application-use", "machine", of="machine"),
    Visit("console:application-use", "disabled", of="disabled"),
    Visit("console:application-use", "with nothing yet", of="bare", states=ONCE),
    Visit(
        "console:application",
        "refused",
        of="single page",
        sends={
            "name": "",
            "redirect_url": ["http://x.example/", ""],
            "description_url": "javascript:x",
            "developer_email": "x",
        },
        status=422,
    ),
    Visit(
        "console:application",
        "without its last redirect URL",
        of="web",
        states=ONCE,
        sends={"redirect_url": "", "description": ""},
        status=409,
    ),
    Visit("console:application", "machine refused", of="machine", sends={"name": "W" * 200}, status=422),
    Visit("console:application", "saved", of="web", states=ONCE, sends={"developer_name": "Somebody else"}),
    Visit(
        "console:application",
        "a new secret",
        of="machine",
        sends={"notes": "Report server", "description": "Typed, not saved"},
        to="console:add-secret",
    ),
    Visit("console:application", "a new key pair", of="machine", sends={}, to="console:generate-key"),
    *(
        Visit(
            "console:application",
            f"not saved, to {button}",
            of="machine",
            states=ONCE,
            sends={"description": "Typed, not saved"},
            to=f"console:{button}",
            to_of=of,
        )
        for button, of in (
            ("open-add-key", "machine"),
            ("delete-key", "key"),
            ("delete-secret", "secret"),
            ("secret-notes", "secret"),
        )
    ),
    Visit(
        "console:application",
        "changed by two",
        of="web",
        sends={
            "name": "My name for it",
            "description": "Mine",
            "based_on": '{"name": "", "description": ""}',
        },
        status=409,
    ),
    Visit("console:secret-notes", of="secret"),
    Visit("console:secret-notes", "refused", of="secret", states=ONCE, sends={"notes": "W" * 65}, status=422),
    Visit(
        "console:secret-notes",
        "changed by two",
        of="secret",
        sends={"notes": "What I use it for", "based_on": '{"notes": ""}'},
        status=409,
    ),
    Visit("console:delete-application", of="web"),
    Visit("console:delete-application", "refused", of="web", sends={"name": "Another name"}, status=422),
    Visit("console:delete-secret", of="secret"),
    Visit("console:add-key", of="machine"),
    Visit(
        "console:add-key",
        "refused",
        of="machine",
        states=ONCE,
        sends={"public_key": "no key " * 300},
        status=422,
    ),
    Visit("console:delete-key", of="key"),
    Visit("console:activity", states=(FILLED, EMPTY, HOSTILE)),
    Visit(
        "console:activity",
        "refused",
        states=ONCE,
        query=lambda _: {"address": "x" * 200, "first": "2026-02-01", "last": "2026-01-01"},
        status=422,
    ),
)

CONSENT = (
    Visit("oauth2_provider:authorize", "web", by="other", query=consent_request("web")),
    Visit(
        "oauth2_provider:authorize",
        "single page",
        by="other",
        query=consent_request("single page", scope="read"),
    ),
    Visit("oauth2_provider:authorize", "private-use scheme", by="other", query=consent_request("scanner")),
    Visit(
        "oauth2_provider:authorize",
        "invalid",
        by="",
        states=ONCE,
        query=consent_request("web", redirect_uri="https://evil.example/" + "x" * 2000),
        status=400,
    ),
    Visit(
        "oauth2_provider:authorize",
        "unknown client",
        by="",
        states=ONCE,
        query=consent_request("web", client_id="W" * 500),
        status=400,
    ),
)

REFUSALS = (
    Visit(
        "people", "unreadable", states=ONCE, query=lambda _: {f"field{n}": "" for n in range(201)}, status=400
    ),
    Visit("/nowhere", states=ONCE, status=404),
    Visit("console:applications", "as a member", by="member", states=ONCE, status=403),
    Visit(
        "console:applications",
        "broken",
        states=ONCE,
        status=500,
        breaks="oauthapps.console.views.applications.summaries",
    ),
)

VISITS = (*SIGNING_IN, *ACCOUNT, *PEOPLE, *APPLICATIONS, *CONSENT, *REFUSALS)
