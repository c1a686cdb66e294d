"""What becomes of an image that is a logo."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageChops

from oauthapps.rules.logos.encoding import MAX_LOGO_BYTES, logo_digest, normalize_logo
from tests.rules.images import (
    CLEAR,
    ORANGE,
    decoded,
    encoded,
    gif_of_frames,
    gray_png,
    grey_profile,
    ink_profile,
    noise,
    photograph,
    picture,
    rgb_profile,
)

pytestmark = pytest.mark.spec("C-05", "ASVS 5.2.2, 1.3.4, 14.2.8")

Pixel = tuple[int, int, int, int]


def pixel(png: bytes, x: int, y: int) -> Pixel:
    red, green, blue, alpha = decoded(png).convert("RGBA").getpixel((x, y))  # type: ignore[misc]
    return red, green, blue, alpha


def is_orange(found: Pixel) -> bool:
    return all(abs(one - other) < 8 for one, other in zip(found, (*ORANGE, 255), strict=True))


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_accepted_format_becomes_a_png_of_256_pixels(image_format: str) -> None:
    png = normalize_logo(encoded(picture(), image_format))
    assert (decoded(png).format, decoded(png).size) == ("PNG", (256, 256))
    assert is_orange(pixel(png, 128, 128))


MODES: dict[str, tuple[str, str]] = {
    "black and white": ("1", "PNG"),
    "gray": ("L", "PNG"),
    "gray with transparency": ("LA", "PNG"),
    "palette": ("P", "PNG"),
    "CMYK for print": ("CMYK", "JPEG"),
    "YCbCr": ("YCbCr", "JPEG"),
    "progressive gray": ("L", "JPEG"),
}


@pytest.mark.parametrize("kind", MODES)
def test_every_kind_of_pixel_is_understood(kind: str) -> None:
    mode, image_format = MODES[kind]
    png = normalize_logo(encoded(picture((256, 256), (255, 255, 255)).convert(mode), image_format))
    assert pixel(png, 128, 128) == (255, 255, 255, 255)


def test_a_grey_of_16_bits_keeps_its_brightness() -> None:
    png = normalize_logo(encoded(Image.new("I;16", (9, 9), 0x8000)))
    assert pixel(png, 128, 128) == (128, 128, 128, 255)


def test_a_wide_picture_is_fitted_and_centred_on_a_transparent_ground() -> None:
    png = normalize_logo(encoded(picture((400, 200))))
    assert is_orange(pixel(png, 0, 128))
    assert is_orange(pixel(png, 255, 128))
    assert is_orange(pixel(png, 128, 66))
    assert pixel(png, 128, 60) == CLEAR
    assert pixel(png, 128, 195) == CLEAR


@pytest.mark.parametrize("size", [(1, 1), (1, 4096), (4096, 1), (16, 16), (257, 255), (4096, 4096)])
def test_every_size_up_to_the_limit_fits(size: tuple[int, int]) -> None:
    png = normalize_logo(encoded(picture(size)))
    assert is_orange(pixel(png, 127, 127))


def test_transparency_is_kept() -> None:
    png = normalize_logo(encoded(picture((256, 256), (*ORANGE, 0))))
    assert pixel(png, 128, 128)[3] == 0
    half = normalize_logo(encoded(picture((256, 256), (*ORANGE, 128))))
    assert pixel(half, 128, 128)[3] == 128


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_color_that_a_file_declares_transparent_is_transparent(mode: str) -> None:
    image = picture((256, 256), (0, 0, 0)).convert(mode)
    key = (0, 0, 0) if mode == "RGB" else 0
    png = normalize_logo(encoded(image, transparency=key))
    assert pixel(png, 128, 128)[3] == 0


@pytest.mark.spec("C-16", "W3C PNG section 11.3.1.1")
@pytest.mark.parametrize(
    ("depth", "sample"), [(1, 0), (2, 1), (2, 0), (4, 5), (4, 0), (8, 5), (16, 0x80FF), (16, 5)]
)
def test_a_grey_of_any_depth_that_is_declared_transparent_is_transparent(depth: int, sample: int) -> None:
    png = normalize_logo(gray_png(depth, sample, transparent=sample))
    assert pixel(png, 16, 128)[3] == 0
    assert pixel(png, 240, 128) == (255, 255, 255, 255)
    other = normalize_logo(gray_png(depth, sample, transparent=sample ^ 1))
    gray = round(sample * 255 / (2**depth - 1))
    assert is_about(pixel(other, 16, 128), (gray, gray, gray, 255), 1)


@pytest.mark.spec("C-16", "ICC.1 section 6")
class TestColorProfiles:
    """A preview in a browser honors them, so the logo must."""

    @pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
    def test_a_wide_gamut_is_converted(self, image_format: str) -> None:
        options: dict[str, dict[str, int]] = {
            "PNG": {},
            "JPEG": {"quality": 98, "subsampling": 0},
            "WEBP": {"lossless": 1},
        }
        image = picture((256, 256), (160, 120, 80))
        data = encoded(image, image_format, icc_profile=rgb_profile(), **options[image_format])
        found = pixel(normalize_logo(data), 128, 128)
        assert is_about(found, (*from_adobe_rgb(160, 120, 80), 255), 2)
        assert not is_about(found, (160, 120, 80, 255), 4)

    def test_transparency_is_no_color(self) -> None:
        image = picture((256, 256), (160, 120, 80, 128))
        found = pixel(normalize_logo(encoded(image, icc_profile=rgb_profile())), 128, 128)
        assert is_about(found, (*from_adobe_rgb(160, 120, 80), 128), 2)

    def test_a_palette_has_one(self) -> None:
        image = picture((256, 256), (160, 120, 80)).convert("P", palette=Image.Palette.ADAPTIVE)
        found = pixel(normalize_logo(encoded(image, icc_profile=rgb_profile())), 128, 128)
        assert is_about(found, (*from_adobe_rgb(160, 120, 80), 255), 2)

    @pytest.mark.parametrize("mode", ["L", "LA"])
    def test_greys_have_one(self, mode: str) -> None:
        image = Image.new(mode, (256, 256), 64 if mode == "L" else (64, 200))
        found = pixel(normalize_logo(encoded(image, icc_profile=grey_profile(1.0))), 128, 128)
        assert is_about(found, (137, 137, 137, 255 if mode == "L" else 200), 2)  # a quarter of the light

    def test_inks_have_one(self) -> None:
        image = Image.new("CMYK", (256, 256), (255, 0, 0, 0))
        red, green, blue, _ = pixel(
            normalize_logo(encoded(image, "JPEG", icc_profile=ink_profile(), quality=98)), 128, 128
        )
        assert red > 200
        assert max(green, blue) < 80

    @pytest.mark.parametrize("profile", [b"nonsense", grey_profile(1.0), ink_profile(), rgb_profile()[:200]])
    def test_one_that_says_nothing_about_these_pixels_is_left_out(self, profile: bytes) -> None:
        assert is_orange(pixel(normalize_logo(encoded(picture(), icc_profile=profile)), 128, 128))

    def test_the_picture_is_upright_as_well(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 3  # the camera was held upside down
        image = picture((256, 256), (0, 0, 0))
        image.paste(picture((256, 128), (160, 120, 80)), (0, 0))
        png = normalize_logo(encoded(image, "PNG", exif=exif, icc_profile=rgb_profile()))
        assert is_about(pixel(png, 128, 200), (*from_adobe_rgb(160, 120, 80), 255), 2)


def is_about(found: Pixel, wanted: tuple[int, ...], tolerance: int) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(found, wanted, strict=True))


def from_adobe_rgb(*color: int) -> tuple[int, ...]:
    """The same color in sRGB, by the published matrix between the two spaces."""
    red, green, blue = ((part / 255) ** 2.2 for part in color)
    linear = (1.3984 * red - 0.3984 * green, green, 1.0429 * blue - 0.0429 * green)
    return tuple(
        round(255 * (12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055))
        for part in linear
    )


@pytest.mark.spec("C-16", "the preview")
def test_a_photograph_keeps_its_colors() -> None:
    data = encoded(photograph(), "JPEG", quality=80)
    assert 40_000 < len(data) < 120_000
    logo = decoded(normalize_logo(data)).convert("RGB").crop((0, 32, 256, 224))
    wanted = decoded(data).convert("RGB").resize((256, 192), Image.Resampling.LANCZOS)
    colors = logo.getcolors(256 * 256)
    assert colors is not None
    assert len(colors) > 10_000
    assert max(ImageChops.difference(logo, wanted).tobytes()) <= 16


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [picture(), picture(color=(0, 0, 255))]
    for image_format in ("GIF", "PNG", "WEBP"):
        data = encoded(frames[0], image_format, save_all=True, append_images=frames[1:])
        assert is_orange(pixel(normalize_logo(data), 128, 128))


def test_an_animation_of_a_usual_length_is_taken() -> None:
    assert decoded(normalize_logo(gif_of_frames(100))).size == (256, 256)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_a_photograph_is_turned_as_its_camera_says(image_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    sideways = picture((256, 256), (0, 0, 255))
    sideways.paste(picture((128, 256)), (0, 0))  # orange on the left: on top once it is turned
    png = normalize_logo(encoded(sideways, image_format, exif=exif))
    assert is_orange(pixel(png, 240, 20))
    assert not is_orange(pixel(png, 20, 240))


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_nothing_of_the_metadata_is_kept(image_format: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Ada Lovelace, 51.5 N"
    data = encoded(picture(), image_format, exif=exif, icc_profile=b"profile of Ada Lovelace")
    png = normalize_logo(data)
    assert b"Lovelace" in data
    assert b"Lovelace" not in png
    assert set(_chunks(png)) <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


LARGE: dict[str, Callable[[], Image.Image]] = {
    "noise": noise,
    "noise without transparency": lambda: noise(mode="RGB"),
    "many colors": lambda: noise((64, 64)).resize((1000, 1000), Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_logo_is_never_larger_than_the_limit(kind: str) -> None:
    # The noise itself would be more than the upload limit as a PNG of 1000 pixels, hence lossy WebP.
    png = normalize_logo(encoded(LARGE[kind](), "WEBP", quality=80))
    assert len(png) <= MAX_LOGO_BYTES
    assert decoded(png).size == (256, 256)


def test_pixels_are_not_mistaken_for_a_script() -> None:
    # 25 pictures of 400 kB: any sequence of three or four bytes is likely to turn up in them.
    for seed in range(25):
        assert normalize_logo(encoded(noise((320, 320), seed=seed), compress_level=0))


def test_a_logo_made_again_from_itself_keeps_its_digest() -> None:
    png = normalize_logo(encoded(picture()))
    assert normalize_logo(png) == png
    assert logo_digest(normalize_logo(png)) == logo_digest(png)
    assert len(logo_digest(png)) == 64


def _chunks(png: bytes) -> list[bytes]:
    kinds, position = [], 8
    while position < len(png):
        kinds.append(png[position + 4 : position + 8])
        position += 12 + int.from_bytes(png[position : position + 4])
    return kinds
