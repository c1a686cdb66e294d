"""The pixels of an uploaded image as a browser shows them: in sRGB, transparent where the file says so."""

from io import BytesIO

from PIL import Image, ImageChops, ImageCms

_BYTE = 255
# The modes whose pixels a profile of each color space can describe (ICC.1:2022, table 19).
_DESCRIBES = {"RGB": ("RGB", "RGBA"), "GRAY": ("L", "LA"), "CMYK": ("CMYK",)}


def declare_transparency(image: Image.Image, *, depth: int) -> None:
    """Scale the sample that a PNG declares transparent as the decoder has scaled the pixels.

    Args:
        image: a decoded PNG, whose `transparency` may change.
        depth: bits of a sample in the file: 1, 2, 4, 8 or 16 (W3C PNG, sections 11.2.1 and 11.3.1.1).
    """
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int) and depth < 8:  # noqa: PLR2004
        most = 2**depth - 1
        image.info["transparency"] = (key & most) * _BYTE // most
    elif image.mode == "RGB" and isinstance(key, tuple) and depth == 16:  # noqa: PLR2004
        image.info["transparency"] = tuple(sample >> 8 for sample in key)


def mixable(image: Image.Image) -> Image.Image:
    """Make the pixels such that they can be mixed: of 8 bits, without palette or declared transparency.

    Args:
        image: a decoded image of any mode.

    Returns:
        The image in one of the modes L, LA, RGB, RGBA and CMYK; no copy where it is in one already.
    """
    if image.mode == "I;16":
        return _grey_of_8_bits(image)
    if "transparency" in image.info:
        return image.convert("LA" if image.mode in ("1", "L") else "RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGBA")


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert colors to the space that pages show pictures in.

    Args:
        image: an image in one of the modes that `mixable` returns.
        profile: its ICC profile. Without one, or with one that is damaged or made for other pixels, the
            colors are taken for sRGB, as browsers take them.

    Returns:
        The image in mode RGBA, its transparency unchanged.
    """
    converted = _converted(image, profile) if profile else None
    if converted is None:
        return image.convert("RGBA")
    if image.mode in ("LA", "RGBA"):
        converted.putalpha(image.getchannel("A"))
    return converted.convert("RGBA")


def _converted(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        theirs = ImageCms.ImageCmsProfile(BytesIO(profile))
        space = theirs.profile.xcolor_space.strip()
        if image.mode not in _DESCRIBES.get(space, ()):
            return None
        colors = image.convert(_DESCRIBES[space][0])
        return ImageCms.profileToProfile(colors, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _grey_of_8_bits(image: Image.Image) -> Image.Image:
    """Keep the high bytes of 16-bit greys, and compare both bytes with what is declared transparent."""
    pixels = image.tobytes()  # little-endian
    low, high = (Image.frombytes("L", image.size, pixels[first::2]) for first in (0, 1))
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return high
    key_low, key_high = key & _BYTE, key >> 8
    is_key = ImageChops.darker(
        low.point([_BYTE * (value == key_low) for value in range(256)]),
        high.point([_BYTE * (value == key_high) for value in range(256)]),
    )
    return Image.merge("LA", (high, ImageChops.invert(is_key)))
