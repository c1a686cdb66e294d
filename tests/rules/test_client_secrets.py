import hashlib
import re
import string
import zlib
from collections.abc import Callable
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthapps.rules import credential_values

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
MAKERS: dict[str, Callable[[], str]] = {
    "gtsec_": credential_values.new_client_secret,
    "gtacc_": credential_values.new_access_token,
    "gtref_": credential_values.new_refresh_token,
    "gtcode_": lambda: credential_values.codes_for(credential_values.new_page_id())[0],
}


@pytest.mark.parametrize("prefix", MAKERS)
def test_a_credential_says_what_it_is_and_needs_no_encoding_anywhere(prefix: str) -> None:
    value = MAKERS[prefix]()
    # 43 characters of base64url are 256 bits.
    assert re.fullmatch(prefix + r"[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", value)


@pytest.mark.parametrize("prefix", MAKERS)
def test_credentials_never_repeat(prefix: str) -> None:
    assert len({MAKERS[prefix]() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("prefix", MAKERS)
def test_the_checksum_is_the_crc_32_of_the_rest_in_base_62(prefix: str) -> None:
    """A secret scanner can tell a real credential from a look-alike without asking us."""
    value = MAKERS[prefix]()
    number = reduce(lambda total, digit: total * 62 + BASE62.index(digit), value[-6:], 0)
    assert number == zlib.crc32(value[:-6].encode())


@given(st.text(st.characters(exclude_categories=())))
def test_no_string_raises(value: str) -> None:
    assert re.fullmatch("[0-9a-f]{64}", credential_values.digest(value))
    assert value.endswith(credential_values.hint(value))


def test_a_lone_surrogate_has_a_digest_of_its_own() -> None:
    assert credential_values.digest("\ud800") != credential_values.digest("?")


def test_the_digest_is_sha_256_so_that_other_tools_can_work_it_out() -> None:
    assert credential_values.digest("gtsec_ü") == hashlib.sha256("gtsec_ü".encode()).hexdigest()


def test_the_hint_is_the_last_four_characters() -> None:
    assert credential_values.hint("gtsec_0123456789abcdef") == "cdef"


def test_a_short_secret_brought_along_from_elsewhere_gives_no_hint() -> None:
    assert credential_values.hint("hunter2") == ""
