"""Image files as administrators and attackers upload them."""

import random
import struct
import zlib
from io import BytesIO

from PIL import Image

ORANGE = (240, 120, 20)
CLEAR = (0, 0, 0, 0)


def picture(size: tuple[int, int] = (300, 200), colour: tuple[int, ...] = ORANGE) -> Image.Image:
    return Image.new("RGB" if len(colour) == 3 else "RGBA", size, colour)


def noise(size: tuple[int, int] = (256, 256), mode: str = "RGBA", seed: int = 7) -> Image.Image:
    """Pixels that no compression makes smaller."""
    return Image.frombytes(mode, size, random.Random(seed).randbytes(size[0] * size[1] * len(mode)))  # noqa: S311


def encoded(image: Image.Image, image_format: str = "PNG", **options: object) -> bytes:
    output = BytesIO()
    image.save(output, image_format, **options)
    return output.getvalue()


def decoded(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png))
    image.load()
    return image


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_zeros(width: int, height: int, *, lines: int | None = None) -> bytes:
    """A grey PNG made without its pixels ever being in memory; `lines` fewer than declared cuts it short."""
    packer = zlib.compressobj(9)
    line = bytes(width + 1)
    body = b"".join(packer.compress(line) for _ in range(height if lines is None else lines)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def png_with(kind: bytes, data: bytes) -> bytes:
    """A valid PNG with one more chunk behind its header."""
    whole = encoded(picture())
    return whole[:33] + png_chunk(kind, data) + whole[33:]


def gif_of_frames(count: int) -> bytes:
    """A GIF of one pixel and many frames, 15 bytes each."""
    header = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return header + frame * count + b"\x3b"


def webp_of_canvas(width: int, height: int) -> bytes:
    """A valid small WebP whose extended header claims another canvas."""
    whole = bytearray(encoded(picture(colour=(*ORANGE, 90)), "WEBP", exif=Image.Exif()))
    frame = bytes(whole[12:]) if whole[12:16] != b"VP8X" else bytes(whole[30:])
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body
