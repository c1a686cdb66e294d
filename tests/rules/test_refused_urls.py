"""What is kept of a redirect URI that was refused."""

import pytest

from oauthapps.rules.urls.refused_urls import LONGEST, recognizable


@pytest.mark.spec("O-131", "ASVS 16.4.1")
@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("https://client.example/cb?code=1&state=2", "https://client.example/cb?…"),
        ("HTTPS://Client.Example/Cb", "https://client.example/Cb"),
        ("com.example.app://host/cb", "com.example.app://host/cb"),
        ("com.example.app:/cb", "com.example.app:/cb"),
        (f"https://client.example/{'x' * (LONGEST - 23)}", f"https://client.example/{'x' * (LONGEST - 23)}"),
        (f"https://client.example/{'x' * (LONGEST - 22)}", ""),
    ],
)
def test_what_people_recognize_is_kept_without_its_query(uri: str, kept: str) -> None:
    assert recognizable(uri) == kept


@pytest.mark.spec("O-131", "ASVS 16.4.1")
@pytest.mark.parametrize(
    "uri",
    [
        "https://user:password@client.example/cb",
        "https://client.example@evil.example/cb",
        "https://clіent.example/cb",  # noqa: RUF001  # a Cyrillic letter
        "https://client.example/a b",
        "https://client.example/a\x00b",
        "https://client.example/\u202egpj.cb",
        "https://client.example:0/cb",
        "https://client.example:80:80/cb",
        "https://2130706433/cb",
        "https:///cb",
        "https:cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "localhost/cb",
        "",
    ],
)
def test_what_no_client_has_is_not_kept(uri: str) -> None:
    assert recognizable(uri) == ""
