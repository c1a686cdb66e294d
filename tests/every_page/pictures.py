"""Logos as organizations have them: a ground and a simple sign."""

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw

from oauthapps.rules.logos.encoding import normalize_logo

SIDE = 512
WHITE = "#ffffff"


@cache
def logo(sign: str, color: str) -> bytes:
    """A round-cornered tile with one of the signs below, as the console stores it."""
    tile = Image.new("RGBA", (SIDE, SIDE))
    pen = ImageDraw.Draw(tile)
    pen.rounded_rectangle((0, 0, SIDE - 1, SIDE - 1), radius=112, fill=color)
    SIGNS[sign](pen)
    file = BytesIO()
    tile.save(file, "PNG")
    return normalize_logo(file.getvalue())


def pin(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon([(157, 280), (355, 280), (256, 424)], fill=WHITE)
    pen.ellipse((136, 92, 376, 332), fill=WHITE)
    pen.ellipse((206, 162, 306, 262), fill="#1f7a5c")


def clock(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((100, 100, 412, 412), outline=WHITE, width=44)
    pen.line([(256, 168), (256, 262), (326, 310)], fill=WHITE, width=40, joint="curve")


def bars(pen: ImageDraw.ImageDraw) -> None:
    for left, top in ((112, 272), (216, 188), (320, 104)):
        pen.rounded_rectangle((left, top, left + 80, 408), radius=20, fill=WHITE)


def parcel(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon([(256, 92), (412, 172), (256, 252), (100, 172)], fill=WHITE)
    pen.polygon([(92, 204), (240, 280), (240, 428), (92, 350)], fill=WHITE)
    pen.polygon([(420, 204), (272, 280), (272, 428), (420, 350)], fill=WHITE)


SIGNS = {"pin": pin, "clock": clock, "bars": bars, "parcel": parcel}
