"""Sequence logos as PNG images: the picture that logo.py writes as SVG, drawn with Pillow.

Only what logo.py writes is understood: texts, straight strokes, and the letters' outlines moved and stretched.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

from dnaconv_core.plot.glyphs import GLYPHS
from dnaconv_core.plot.logo import logo_svg

_SVG = "{http://www.w3.org/2000/svg}"
_FINER = 4  # letters are drawn this much larger and made smaller, which smooths their edges
_PLAIN = str.maketrans({"−": "-", "–": "-", "×": "x", "Δ": "d", "…": "..."})  # what Pillow's font lacks
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?"


def logo_png(values: np.ndarray, *, scale: float = 2.0, **options: Any) -> bytes:
    """The logo of `logo_svg` as a PNG image on white, `scale` image pixels for each of its pixels.

    Options and errors as in `logo_svg`.
    """
    root = ET.fromstring(logo_svg(values, **options))
    size = tuple(round(scale * float(root.get(side, "0"))) for side in ("width", "height"))
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    ink = root.get("fill", "black")
    for element in root:
        if element.tag == f"{_SVG}path":
            width = max(1, round(scale * float(element.get("stroke-width", "1"))))
            draw.line([(scale * x, scale * y) for x, y in _line(element.get("d", ""))], fill=ink, width=width)
        elif element.tag == f"{_SVG}text":
            _text(image, element, scale, ink)
        elif element.tag == f"{_SVG}use":
            _letter(image, element, scale)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _letter(image: Image.Image, element: ET.Element, scale: float) -> None:
    x, y, width, height = (scale * value for value in _numbers(element.get("transform", "")))
    left, top = int(x), int(y)
    size = (int(x + width) - left + 1, int(y + height) - top + 1)
    mask = Image.new("1", (_FINER * size[0], _FINER * size[1]))
    for outline in _outlines(GLYPHS[element.get("href", "#A")[1:]]):
        points = [(_FINER * (x - left + width * px), _FINER * (y - top + height * py)) for px, py in outline]
        part = Image.new("1", mask.size)
        ImageDraw.Draw(part).polygon(points, fill=1)
        mask = ImageChops.logical_xor(mask, part)  # a second outline is a hole
    smooth = mask.convert("L").resize(size, Image.Resampling.BOX)
    image.paste(Image.new("RGB", size, element.get("fill", "black")), (left, top), smooth)


def _text(image: Image.Image, element: ET.Element, scale: float, ink: str) -> None:
    x, y = (scale * float(element.get(name, "0")) for name in ("x", "y"))
    font = ImageFont.load_default(scale * float(element.get("font-size", "10")))
    words = (element.text or "").translate(_PLAIN).encode("latin-1", "replace").decode("latin-1")
    anchor = {"middle": "ms", "end": "rs"}.get(element.get("text-anchor", ""), "ls")
    if "rotate" not in element.get("transform", ""):
        ImageDraw.Draw(image).text((x, y), words, fill=ink, font=font, anchor=anchor)
        return
    left, top, right, bottom = (round(side) for side in font.getbbox(words, anchor="ls"))
    tile = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(tile).text((1 - left, 1 - top), words, fill=255, font=font, anchor="ls")
    tile = tile.rotate(90, expand=True)
    image.paste(Image.new("RGB", tile.size, ink), (round(x + top - 1), round(y - tile.height / 2)), tile)


def _line(path: str) -> list[tuple[float, float]]:
    """The points of a path of M, H, V and h."""
    points: list[tuple[float, float]] = []
    for command, numbers in re.findall(r"([MHVh])([^A-Za-z]*)", path):
        values = _numbers(numbers)
        x, y = points[-1] if points else (0.0, 0.0)
        points.append({
            "M": lambda v: (v[0], v[1]), "H": lambda v, y=y: (v[0], y), "V": lambda v, x=x: (x, v[0]),
            "h": lambda v, x=x, y=y: (x + v[0], y),
        }[command](values))  # fmt: skip
    return points


def _outlines(path: str) -> list[list[tuple[float, float]]]:
    """The polygons of a glyph (M, L, H, V, C, Z, absolute), curves as twelve straight pieces."""
    outlines: list[list[tuple[float, float]]] = []
    for command, numbers in re.findall(r"([MLHVC])([^A-Za-z]*)", path):
        values = _numbers(numbers)
        if command == "M":
            outlines.append([(values[0], values[1])])
            values, command = values[2:], "L"
        points = outlines[-1]
        if command == "L":
            points += zip(values[::2], values[1::2], strict=True)
        elif command == "H":
            points += [(x, points[-1][1]) for x in values]
        elif command == "V":
            points += [(points[-1][0], y) for y in values]
        for i in range(0, len(values) if command == "C" else 0, 6):
            corners = np.array([points[-1], *np.reshape(values[i : i + 6], (3, 2))])  # (4, 2)
            t = np.linspace(0, 1, 13)[1:, None]
            curve = (1 - t) ** 3 * corners[0] + 3 * t * (1 - t) ** 2 * corners[1]
            curve += 3 * t**2 * (1 - t) * corners[2] + t**3 * corners[3]
            points += [(float(px), float(py)) for px, py in curve]
    return outlines


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(_NUMBER, text)]
