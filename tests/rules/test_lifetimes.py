from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from oauthapps.errors import InvalidLifetimeError
from oauthapps.rules import lifetimes
from oauthapps.rules.lifetimes import Lifetime, effect_sentence


def test_the_offered_values_and_their_codes() -> None:
    assert " ".join(Lifetime.values) == "1h 8h 1d 7d 14d 30d 60d 90d 6m 1y 2y none"
    assert Lifetime("6m").label == "6 months"
    assert Lifetime("none").label == "No expiration"


def test_each_offered_value_is_longer_than_the_one_before_it() -> None:
    spans = [lifetimes.delta(code) for code in Lifetime.values[:-1]]
    assert all(shorter and longer and shorter < longer for shorter, longer in pairwise(spans))


def test_no_expiration_has_no_length() -> None:
    assert lifetimes.delta("none") is None


def test_six_months_are_never_shorter_than_half_a_year() -> None:
    assert lifetimes.delta("6m") == timedelta(days=183)
    assert lifetimes.delta("2y") == timedelta(days=730)


def test_new_applications_start_with_one_year_and_six_months() -> None:
    assert (lifetimes.DEFAULT_ABSOLUTE, lifetimes.DEFAULT_INACTIVITY) == ("1y", "6m")


@pytest.mark.spec("C-12", "product.md decision 4")
@pytest.mark.parametrize(
    "code",
    ["", "0", "-1d", "1", "30", "100000000000000000000", "\uff13\uff10d", "30D", " 30d", "3h", "NONE", "\0"],
)
def test_a_value_that_is_not_offered_is_refused(code: str) -> None:
    with pytest.raises(InvalidLifetimeError, match="choose one of 1h, 8h"):
        lifetimes.delta(code)


def test_both_expirations_are_said_in_one_sentence() -> None:
    assert effect_sentence("1y", "30d").startswith(
        "Users must sign in again after 30 days of inactivity, and at least once a year."
    )


def test_an_absolute_expiration_alone_ends_access_however_active_people_are() -> None:
    sentence = effect_sentence("90d", "none")
    assert sentence == "Users must sign in again every 90 days, even if they're active."
    assert effect_sentence("1h", "none") == "Users must sign in again every hour, even if they're active."
    assert "at least once an hour." not in effect_sentence("8h", "1h")
    assert "at least once every 8 hours." in effect_sentence("8h", "1h")


def test_an_inactivity_expiration_alone_spares_people_who_stay_active() -> None:
    sentence = effect_sentence("none", "6m")
    assert sentence.startswith(
        "Users must sign in again after 6 months of inactivity. Active users stay signed in."
    )


def test_without_any_expiration_access_ends_only_when_somebody_ends_it() -> None:
    assert effect_sentence("none", "none") == "Access lasts until the user or an administrator revokes it."


@pytest.mark.parametrize(("absolute", "inactivity"), [("7d", "30d"), ("30d", "30d")])
def test_an_inactivity_expiration_that_comes_too_late_is_explained(absolute: str, inactivity: str) -> None:
    sentence = effect_sentence(absolute, inactivity)
    assert "so the inactivity expiration (30 days) never takes effect" in sentence


@pytest.mark.parametrize("absolute", Lifetime)
@pytest.mark.parametrize("inactivity", Lifetime)
def test_what_inactivity_means_is_said_exactly_where_it_matters(
    absolute: Lifetime, inactivity: Lifetime
) -> None:
    sentence = effect_sentence(absolute, inactivity)
    assert sentence.startswith(("Users must sign in again ", "Access lasts "))
    assert ("of inactivity" in sentence) == ("token refreshes don't count" in sentence)


def test_what_rotation_does_is_said_when_it_is_asked_for() -> None:
    assert effect_sentence("1y", "6m", rotation=True).endswith("Every refresh replaces the token.")
    assert "a stolen copy keeps working" in effect_sentence("1y", "6m", rotation=False)
    assert "token." not in effect_sentence("1y", "6m")


def test_the_effect_of_a_value_that_is_not_offered_cannot_be_worked_out() -> None:
    with pytest.raises(InvalidLifetimeError):
        effect_sentence("1y", "5 minutes")


SINCE = datetime(2026, 11, 24, 18, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("absolute", "inactivity", "expected"),
    [
        ("1y", "6m", "Until Nov 24, 2027, or sooner if you don't use Gatehouse for 6 months."),
        ("1y", "none", "Until Nov 24, 2027."),
        ("30d", "1y", "Until Dec 24, 2026."),
        ("none", "30d", "Until you haven't used Gatehouse for 30 days."),
        ("none", "none", "Until you revoke it."),
        ("8h", "1h", "Until Nov 25, 2026, 02:20 UTC, or sooner if you don't use Gatehouse for 1 hour."),
    ],
)
def test_a_person_reads_until_when(absolute: str, inactivity: str, expected: str) -> None:
    assert lifetimes.until_sentence(absolute, inactivity, since=SINCE) == expected


@pytest.mark.spec("Y-98", "ASVS 10.7.3")
@pytest.mark.parametrize(
    ("absolute", "inactivity", "days", "expected"),
    [
        ("1y", "6m", 1, "Until Nov 25, 2026, 18:20 UTC."),
        ("none", "none", 30, "Until Dec 24, 2026, 18:20 UTC."),
        ("1y", "7d", 30, "Until Dec 24, 2026, 18:20 UTC, or sooner if you don't use Gatehouse for 7 days."),
        ("7d", "none", 30, "Until Dec 1, 2026."),
    ],
)
def test_a_time_limit_counts_where_it_ends_sooner(
    absolute: str, inactivity: str, days: int, expected: str
) -> None:
    until = SINCE + timedelta(days=days)
    said = lifetimes.until_sentence(absolute, inactivity, since=SINCE, allowed_until=until)
    assert said == expected
