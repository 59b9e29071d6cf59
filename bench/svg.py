"""Drawings, as SVG: a few shapes, in colours that can be read on a light ground and on a dark one."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

Colour = str
"""The name of one, below."""

STYLE = """
  .ground { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 13px } .quiet { fill: #57606a; font-size: 11px }
  .line { stroke: #d0d7de; fill: none } .axis { stroke: #57606a; fill: none } .reach { stroke: #24292f; fill: none }
  .first { fill: #0969da; stroke: #0969da } .second { fill: #9a6700; stroke: #9a6700 }
  .third { fill: #8250df; stroke: #8250df } .lost { fill: #cf222e; stroke: #cf222e }
  .pale { opacity: .45 } .bar { stroke: none } .curve { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #9198a1 } .line { stroke: #30363d }
    .axis { stroke: #9198a1 } .reach { stroke: #e6edf3 }
    .first { fill: #4493f8; stroke: #4493f8 } .second { fill: #d29922; stroke: #d29922 }
    .third { fill: #ab7df8; stroke: #ab7df8 } .lost { fill: #f85149; stroke: #f85149 }
  }
"""


class Drawing:
    """A drawing that grows shape by shape.

    Args:
        width: in pixels.
        height: in pixels.
        title: what it shows, for those who can't see it.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_of(width)} {_of(height)}" '
            f'width="{_of(width)}" height="{_of(height)}" role="img" aria-label={quoteattr(title)}>',
            f"<style>{STYLE}</style>",
        ]
        self.rectangle(0, 0, width, height, "ground")

    def rectangle(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A filled rectangle; `kind` are classes of the style."""
        self._parts.append(
            f'<rect x="{_of(x)}" y="{_of(y)}" width="{_of(width)}" height="{_of(height)}" class="{kind}"/>'
        )

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A line through some points."""
        path = " ".join(f"{_of(x)},{_of(y)}" for x, y in points)
        # With its fill said here: a class may have one for shapes.
        self._parts.append(f'<polyline points="{path}" class="{kind}" style="fill: none"/>')

    def dot(self, x: float, y: float, kind: str) -> None:
        """A point of a curve."""
        self._parts.append(f'<circle cx="{_of(x)}" cy="{_of(y)}" r="3" class="{kind}"/>')

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        """A text; `anchor` says where of it `x` is: at its ``start``, ``middle`` or ``end``."""
        self._parts.append(
            f'<text x="{_of(x)}" y="{_of(y)}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'
        )

    def finished(self) -> str:
        """The whole file."""
        return "\n".join([*self._parts, "</svg>", ""])


def _of(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
