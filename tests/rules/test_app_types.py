import pytest

from oauthapps.rules.app_types import CLIENT_CREDENTIALS, JWT_BEARER, AppType, spec_of


@pytest.mark.parametrize("app_type", AppType)
def test_a_specification_is_found_by_member_and_by_stored_value(app_type: AppType) -> None:
    assert spec_of(app_type) is spec_of(app_type.value)
    assert spec_of(app_type).label == app_type.label


def test_an_unknown_type_has_no_specification() -> None:
    with pytest.raises(ValueError, match="native"):
        spec_of("native")


def test_a_machine_application_signs_with_keys_and_has_a_secret_but_nobody_signs_in_to_it() -> None:
    spec = spec_of(AppType.MACHINE_TO_MACHINE)
    assert (spec.has_secrets, spec.has_keys, spec.has_redirect_urls) == (True, True, False)
    assert spec.grant_types == (JWT_BEARER, CLIENT_CREDENTIALS)
    assert (spec.rotation_label, spec.absolute_label, spec.inactivity_label) == ("", "", "")


def test_a_single_page_application_keeps_no_secret_and_must_use_pkce() -> None:
    spec = spec_of(AppType.SINGLE_PAGE)
    assert (spec.has_secrets, spec.is_confidential, spec.pkce_required) == (False, False, True)


def test_a_web_application_keeps_a_secret_and_may_use_pkce() -> None:
    spec = spec_of(AppType.WEB)
    assert (spec.has_secrets, spec.is_confidential, spec.pkce_required) == (True, True, False)


def test_what_can_keep_a_secret_can_keep_a_private_key() -> None:
    assert all(spec_of(t).has_keys == spec_of(t).is_confidential for t in AppType)
    assert [t for t in AppType if spec_of(t).exchanges_jwts] == [AppType.MACHINE_TO_MACHINE]


def test_only_machine_applications_may_be_allowed_to_verify_the_tokens_of_others() -> None:
    assert [t for t in AppType if spec_of(t).may_verify_tokens] == [AppType.MACHINE_TO_MACHINE]


def test_only_types_that_can_keep_a_secret_have_one() -> None:
    assert all(spec_of(t).has_secrets == spec_of(t).is_confidential for t in AppType)


def test_the_refresh_token_fields_are_called_as_the_description_calls_them_for_each_type() -> None:
    web, single_page = spec_of(AppType.WEB), spec_of(AppType.SINGLE_PAGE)
    assert web.rotation_label == "Refresh token rotation"
    assert web.absolute_label == "Absolute refresh token expiration"
    assert web.inactivity_label == "Inactivity refresh token expiration"
    assert single_page.rotation_label == "Rotate refresh token every time it is used"
    assert single_page.absolute_label == "Absolute expiration"
    assert single_page.inactivity_label == "Inactivity expiration"
