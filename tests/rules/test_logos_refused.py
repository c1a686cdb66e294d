"""Files that must not become a logo, and that must not cost much to refuse."""

import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from oauthapps.errors import InvalidLogoError
from oauthapps.rules.logos.encoding import normalize_logo
from tests.rules import images
from tests.rules.images import encoded, picture

C_05 = pytest.mark.spec("C-05", "ASVS 5.2.2, 1.3.4")
C_06 = pytest.mark.spec("C-06", "ASVS 5.2.1, 5.2.6")
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
ROOT = Path(__file__).parents[2]
SCRIPT = b"<script>alert(1)</script>"


def assert_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidLogoError, match=reason) as caught:
        normalize_logo(data)
    assert caught.value.message.endswith(".")


OTHER_FILES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing"),
    "SVG with declaration": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n<svg/>', "SVG drawing"),
    "HTML": (b"\n<!DOCTYPE html><p>", "web page"),
    "PDF": (b"%PDF-1.7", "PDF document"),
    "PHP": (b"<?php phpinfo();", "web page"),
    "BMP": (encoded(picture(), "BMP"), "not an image that can be used here"),
    "TIFF": (encoded(picture(), "TIFF"), "not an image that can be used here"),
    "ICO": (encoded(picture(), "ICO"), "not an image that can be used here"),
    "words": (b"logo", "not an image that can be used here"),
    "behind a space": (b" " + encoded(picture()), "not an image that can be used here"),
}


@C_05
@pytest.mark.parametrize("kind", OTHER_FILES)
def test_a_file_of_another_kind_is_called_what_it_is(kind: str) -> None:
    assert_refused(*OTHER_FILES[kind])


@C_05
@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("tail", [SCRIPT, b"<?php phpinfo();", b"%PDF-1.7", b"PK\x03\x04", b"MZ"])
def test_nothing_may_follow_the_image(image_format: str, tail: bytes) -> None:
    image = encoded(picture(), image_format)
    assert normalize_logo(image + b"\0\0\r\n")
    assert_refused(image + tail, "something else behind the image|markup or a script")


@C_05
def test_an_archive_behind_an_image_is_refused() -> None:
    output = BytesIO(encoded(picture()))
    with zipfile.ZipFile(output, "a") as archive:
        archive.writestr("a.txt", "a")
    assert zipfile.is_zipfile(output)
    assert_refused(output.getvalue(), "something else behind the image")


@C_05
def test_a_script_inside_an_image_is_refused() -> None:
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()
    assert_refused(encoded(picture(), "JPEG", exif=exif), "markup or a script")
    assert_refused(encoded(picture(), "GIF", comment=SCRIPT), "markup or a script")
    assert_refused(images.png_with(b"tEXt", b"Comment\0" + SCRIPT), "markup or a script")


@C_05
def test_a_script_that_begins_like_an_image_is_refused() -> None:
    assert_refused(b"GIF89a/*" + SCRIPT + b"*/=1;", "markup or a script")
    assert_refused(b"GIF89a=1;alert(1)//" + bytes(40), "damaged")


@C_06
@pytest.mark.parametrize("image_format", FORMATS)
def test_a_truncated_image_is_refused_wherever_it_is_cut(image_format: str) -> None:
    image = encoded(images.noise((20, 20), "RGB"), image_format)
    for length in range(12, len(image)):
        assert_refused(image[:length], "damaged or incomplete|not an image")


@C_06
def test_a_file_of_more_than_1_mb_is_refused_unread() -> None:
    assert_refused(encoded(picture()) + bytes(1024 * 1024), "larger than 1 MB")


@C_06
def test_an_image_with_too_many_pixels_on_a_side_is_refused() -> None:
    assert normalize_logo(images.png_of_zeros(4096, 2))
    assert_refused(images.png_of_zeros(4097, 1), "4096 pixels")
    assert_refused(images.png_of_zeros(1, 4097), "4096 pixels")
    assert_refused(encoded(picture((4097, 1)), "JPEG"), "4096 pixels")
    assert_refused(encoded(picture((4097, 1)), "GIF"), "4096 pixels")
    assert_refused(encoded(picture((4097, 1)), "WEBP"), "4096 pixels")
    assert_refused(images.webp_of_canvas(4097, 200), "4096 pixels")


@C_06
def test_an_animation_with_too_many_frames_is_refused() -> None:
    assert normalize_logo(images.gif_of_frames(500))
    assert_refused(images.gif_of_frames(501), "more than 500 frames")
    assert_refused(images.gif_of_frames(60_000), "more than 500 frames")


@C_06
def test_metadata_that_unpacks_to_too_much_is_refused() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    assert_refused(images.png_with(b"zTXt", b"Comment\0\0" + bomb), "damaged")
    assert_refused(images.png_with(b"iTXt", b"Comment\0\1\0\0\0" + bomb), "damaged")


@C_06
def test_a_second_color_profile_is_refused_before_either_is_unpacked() -> None:
    profile = b"sRGB\0\0" + zlib.compress(images.rgb_profile())
    once = images.png_with(b"iCCP", profile)
    assert normalize_logo(once)
    assert_refused(once[:33] + images.png_chunk(b"iCCP", profile) + once[33:], "damaged")


MEASURED = """
import json, resource, sys, time
from oauthapps.errors import InvalidLogoError
from oauthapps.rules.logos.encoding import normalize_logo
resource.setrlimit(resource.RLIMIT_AS, (512 * 2**20, 512 * 2**20))
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
data = sys.stdin.buffer.read()
normalize_logo(open(sys.argv[1], "rb").read())  # so that the decoders are loaded
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    answer = str(len(normalize_logo(data)))
except InvalidLogoError as error:
    answer = str(error)
seconds = time.process_time() - began
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"answer": answer, "mebibytes": grown / 1024, "seconds": seconds}))
"""
# The file, a part of the answer, and how many MiB and seconds of CPU it may cost at most.
BOMBS: dict[str, tuple[Callable[[], bytes], str, float, float]] = {
    "PNG of 20,000 x 20,000": (lambda: images.png_of_zeros(20_000, 20_000), "4096 pixels", 2, 0.2),
    "PNG that declares 2 thousand million": (
        lambda: images.png_of_zeros(2**31 - 1, 1, lines=0),
        "4096 pixels",
        2,
        0.2,
    ),
    "GIF of 100,000 frames": (lambda: images.gif_of_frames(100_000), "larger than 1 MB", 2, 0.2),
    "GIF of as many frames as 1 MB holds": (lambda: images.gif_of_frames(69_000), "500 frames", 2, 0.2),
    "WebP with a canvas of 16,384 x 16,384": (
        lambda: images.webp_of_canvas(16_384, 16_384),
        "4096 pixels",
        2,
        0.2,
    ),
    "largest PNG that is taken": (lambda: images.png_of_zeros(4096, 4096), "", 160, 2.5),
    "largest WebP that is taken": (lambda: encoded(picture((4096, 4096)), "WEBP"), "", 160, 2.5),
}


@C_06
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory limit")
@pytest.mark.parametrize("kind", BOMBS)
def test_memory_and_time_are_bounded(kind: str, tmp_path: Path) -> None:
    make, reason, mebibytes, seconds = BOMBS[kind]
    usual = tmp_path / "usual.png"
    usual.write_bytes(encoded(picture()))
    command = [sys.executable, "-c", MEASURED, str(usual)]
    done = subprocess.run(command, input=make(), capture_output=True, cwd=ROOT, check=True, timeout=60)
    found = json.loads(done.stdout)
    assert reason in found["answer"] if reason else found["answer"].isdigit()
    assert found["mebibytes"] <= mebibytes, found
    assert found["seconds"] <= seconds, found


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([encoded(picture((20, 20)), each) for each in FORMATS]),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=8),
)
def test_any_damage_is_answered_with_a_reason_or_a_logo(image: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(image)
    for position, octet in changes:
        data[position % len(data)] = octet
    with suppress(InvalidLogoError):
        assert images.decoded(normalize_logo(bytes(data))).size == (256, 256)


@given(
    st.binary(),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x20\0\0\0WEBP"]),
)
def test_no_bytes_raise_anything_but_a_reason(data: bytes, start: bytes) -> None:
    with pytest.raises(InvalidLogoError):
        normalize_logo(start + data)
