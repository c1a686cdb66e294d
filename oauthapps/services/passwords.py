"""Changing one's password, and with it what somebody who knew it may have left behind."""

from django.db import transaction

from accounts.models import User
from accounts.services.passwords import save_password
from audit.actors import Actor
from oauthapps.services.consents import withdraw_all
from oauthapps.services.credentials import delete_keys_of


def change_password(
    user: User, password: str, *, actor: Actor, withdraws_consents: bool, deletes_keys: bool
) -> None:
    """Change a person's password, end links that could set another, and what else was asked for; or nothing.

    Args:
        user: the person.
        password: the new one, which has been judged.
        actor: who changes it.
        withdraws_consents: whether to take all of the person's consents back.
        deletes_keys: whether to delete the public keys whose assertions speak for the person.
    """
    user.set_password(password)  # takes a while: nobody should wait meanwhile
    user.must_change_password = False
    with transaction.atomic():
        save_password(user)
        if withdraws_consents:
            withdraw_all(user, actor=actor)
        if deletes_keys:
            delete_keys_of(user, actor=actor)
