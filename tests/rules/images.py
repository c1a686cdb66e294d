"""Image files as administrators and attackers upload them."""

import random
import struct
import zlib
from io import BytesIO

from PIL import Image

ORANGE = (240, 120, 20)
CLEAR = (0, 0, 0, 0)


def picture(size: tuple[int, int] = (300, 200), color: tuple[int, ...] = ORANGE) -> Image.Image:
    return Image.new("RGB" if len(color) == 3 else "RGBA", size, color)


def noise(size: tuple[int, int] = (256, 256), mode: str = "RGBA", seed: int = 7) -> Image.Image:
    """Pixels that no compression makes smaller."""
    return Image.frombytes(mode, size, random.Random(seed).randbytes(size[0] * size[1] * len(mode)))  # noqa: S311  # pixels


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
    """A gray PNG made without its pixels ever being in memory; `lines` fewer than declared cuts it short."""
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
    whole = bytearray(encoded(picture(color=(*ORANGE, 90)), "WEBP", exif=Image.Exif()))
    frame = bytes(whole[12:]) if whole[12:16] != b"VP8X" else bytes(whole[30:])
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gray_png(depth: int, sample: int, *, transparent: int) -> bytes:
    """A gray PNG of 8 x 8 pixels: one sample on the left, the brightest on the right, and one transparent."""
    most = 2**depth - 1
    bits = "".join(f"{value:0{depth}b}" for value in [sample] * 4 + [most] * 4)
    row = b"\0" + int(bits, 2).to_bytes(depth, "big")
    header = struct.pack(">IIBBBBB", 8, 8, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            png_chunk(b"IHDR", header),
            png_chunk(b"tRNS", struct.pack(">H", transparent)),
            png_chunk(b"IDAT", zlib.compress(row * 8)),
            png_chunk(b"IEND", b""),
        ]
    )


def photograph(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Many soft colors with some grain, as a camera sees them."""
    colors = noise((12, 9), "RGB", seed=3).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(colors, noise(size, "RGB", seed=4), 0.12)


# Adobe RGB (1998), adapted to the D50 of profiles: red, green, blue.
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(primaries: tuple[tuple[float, ...], ...] = ADOBE_RGB, gamma: float = 2.2) -> bytes:
    """An ICC profile of a display with these primaries."""
    tags = {b"wtpt": _xyz(D50)}
    for name, primary in zip("rgb", primaries, strict=True):
        tags[f"{name}XYZ".encode()] = _xyz(primary)
        tags[f"{name}TRC".encode()] = _curve(gamma)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    """An ICC profile of greys with this gamma."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(D50), b"kTRC": _curve(gamma)})


def ink_profile() -> bytes:
    """An ICC profile of a press whose cyan ink looks red: nobody takes its colors for those of another."""
    paper, red, black = b"\xff\x80\x80", bytes([136, 208, 195]), b"\0\x80\x80"  # L*a*b* in 8 bits each
    points = b"".join(
        black if number & 1 else red if number & 8 else paper for number in range(16)
    )  # a corner of the CMYK cube each, cyan changing last
    straight = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if place % 4 == 0 else 0 for place in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + straight * 4 + points + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(D50), b"A2B0": table})


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Put an ICC profile of version 2 together (ICC.1:2001-04, section 6)."""
    start = 128 + 4 + 12 * len(tags)
    directory, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        directory += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI", start + len(body), b"\0\0\0\0", 0x02400000) + kind + space + connection
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", *(round(part * 65536) for part in D50))
    return header.ljust(128, b"\0") + directory + body
