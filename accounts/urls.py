"""Signing in, one's own security, and for administrators the people and their organization."""

from allauth.account import views as allauth_account
from django.urls import URLPattern, URLResolver, include, path

from accounts.views import (
    account_access,
    home,
    identities,
    identity_confirmation,
    identity_providers,
    invitations,
    passwords,
    people,
    provider_sign_in,
    reauthentication,
    second_factor_rule,
    second_factors,
    security,
    sign_in,
    sign_in_rules,
    sign_in_test,
    sign_out,
)
from accounts.views.first_password import first_password
from accounts.views.one_time_links import set_password
from accounts.views.provider_confirmation import provider_again
from accounts.views.sign_in_second_factor import second_factor

# Of django-allauth's pages only these, under our URLs and its names: nobody registers, changes an email
# address or signs in by code.
sign_in_pages = [
    path("login/", sign_in.sign_in, name="account_login"),
    path("login/passkey/", sign_in.sign_in_with_passkey, name="mfa_login_webauthn"),
    path("login/second-factor/", second_factor, name="mfa_authenticate"),
    path("login/new-password/", first_password, name="first-password"),
    path("login/kept-form/", sign_in.kept_form, name="kept-form"),
    path("login/provider/callback/", provider_sign_in.callback, name="provider-callback"),
    path("login/provider/link/", identity_confirmation.confirm_identity, name="confirm-identity"),
    path("login/provider/<identifier:provider_id>/", provider_sign_in.begin_sign_in, name="provider-sign-in"),
    path("logout/", sign_out.sign_out, name="account_logout"),
    path("signed-out/", sign_out.signed_out, name="signed-out"),
    path("inactive/", allauth_account.account_inactive, name="account_inactive"),
    path("reauthenticate/", reauthentication.password_again, name="account_reauthenticate"),
    path("reauthenticate/passkey/", reauthentication.passkey_again, name="mfa_reauthenticate_webauthn"),
    path("reauthenticate/provider/", provider_again, name="reauthenticate-provider"),
    path("reauthenticate/code/", reauthentication.code_again, name="mfa_reauthenticate"),
    path("password/change/", passwords.change_password, name="account_change_password"),
    path("password/reset/", passwords.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth_account.password_reset_done, name="account_reset_password_done"),
    path("password/link/", set_password, name="set-password"),
]

security_pages = [
    path("", security.overview, name="security"),
    path("", security.overview, name="mfa_index"),  # where django-allauth leads back to
    path("access-mail/", security.access_mail, name="access-mail"),
    path("passkeys/", second_factors.passkeys, name="mfa_list_webauthn"),
    path("passkeys/new", second_factors.add_passkey, name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/name/", second_factors.edit_passkey, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/removal/", second_factors.remove_passkey, name="mfa_remove_webauthn"),
    path("authenticator-app/", second_factors.add_app, name="mfa_activate_totp"),
    path("authenticator-app/removal/", second_factors.remove_app, name="mfa_deactivate_totp"),
    path("recovery-codes/", second_factors.recovery_codes, name="mfa_view_recovery_codes"),
    path("recovery-codes/new", second_factors.make_recovery_codes, name="mfa_generate_recovery_codes"),
    path("identities/", identities.identities, name="identities"),
    path("identities/<int:pk>/removal/", identities.unlink_identity, name="unlink-identity"),
    path("sessions/", security.sessions, name="sessions"),
    path("sessions/<int:pk>/end/", security.end_session, name="end-session"),
    path("sessions/others/end/", security.end_other_sessions, name="end-other-sessions"),
]

# The page of a person, and what ends their access, are `oauthapps.people`'s.
one_person = [
    path("edit/", people.change, name="change-person"),
    path("password-link/", people.make_password_link, name="password-link"),
    path("sessions/end/", account_access.end_sessions, name="end-sessions-of-person"),
    path("second-factors/reset/", account_access.reset_factors, name="reset-second-factors"),
    path(
        "identities/<int:pk>/removal/", identities.unlink_identity_of_person, name="unlink-identity-of-person"
    ),
    path("invitation/", invitations.invite_again, name="invite-again"),
    path("invitation/withdrawal/", invitations.withdraw, name="withdraw-invitation"),
]

one_provider = [
    path("", identity_providers.identity_provider, name="identity-provider"),
    path("deletion/", identity_providers.delete_identity_provider, name="delete-identity-provider"),
    path("test/", sign_in_test.test_sign_in, name="test-sign-in"),
]

# System › Sign-in.
providers_and_rules: list[URLPattern | URLResolver] = [
    path("", identity_providers.identity_providers, name="identity-providers"),
    path("rules/", sign_in_rules.sign_in_rules, name="sign-in-rules"),
    path("providers/new", identity_providers.new_identity_provider, name="new-identity-provider"),
    path("providers/<identifier:provider_id>/", include(one_provider)),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/", include(sign_in_pages)),
    path("security/", include(security_pages)),
    path("people/", people.people, name="people"),
    path("people/export.csv", people.export_people, name="export-people"),
    path("people/new", invitations.invite, name="invite-person"),
    path("people/<identifier:user_id>/", include(one_person)),
    path("sign-in/", include(providers_and_rules)),
    path("organization/second-factor/", second_factor_rule.second_factor_rule, name="second-factor-rule"),
]
