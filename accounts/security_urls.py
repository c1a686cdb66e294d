"""Security, for everybody. Of django-allauth's pages only these, under our addresses and its names."""

from allauth.mfa.totp import views as authenticator_app
from allauth.mfa.webauthn import views as passkeys
from django.urls import path

from accounts.views import second_factors, security

urlpatterns = [
    path("", security.overview, name="security"),
    path("", security.overview, name="mfa_index"),  # where django-allauth leads back to
    path("passkeys/", second_factors.passkeys, name="mfa_list_webauthn"),
    path("passkeys/new", second_factors.add_passkey, name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/name/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/removal/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("authenticator-app/", authenticator_app.activate_totp, name="mfa_activate_totp"),
    path("authenticator-app/removal/", authenticator_app.deactivate_totp, name="mfa_deactivate_totp"),
    path("recovery-codes/", second_factors.recovery_codes, name="mfa_view_recovery_codes"),
    path("recovery-codes/new", second_factors.make_recovery_codes, name="mfa_generate_recovery_codes"),
    path("sessions/", security.sessions, name="sessions"),
    path("sessions/<int:pk>/end/", security.end_session, name="end-session"),
    path("sessions/others/end/", security.end_other_sessions, name="end-other-sessions"),
]
