"""Draws the topologies: `python docs/generate/pictures.py` writes docs/pictures/*.svg from the boxes and arrows below.

Plain SVG, with a background of its own, so that every page draws it, whatever its colours.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

PICTURES = Path(__file__).resolve().parent.parent / "pictures"
COLUMN, BOX, ROW, HEIGHT, MARGIN = 220, 170, 130, 70, 20


class Box(NamedTuple):
    """A box in the grid: title, what it holds, first column, row, how many columns it spans."""

    title: str
    text: str
    column: float
    row: int
    span: float = 1
    colour: str = "#e8eaf6"

    @property
    def left(self) -> float:
        return MARGIN + self.column * COLUMN

    @property
    def width(self) -> float:
        return BOX + (self.span - 1) * COLUMN

    @property
    def top(self) -> float:
        return MARGIN + self.row * ROW


class Arrow(NamedTuple):
    """A line from point to point, with arrow heads and words."""

    start: tuple[float, float]
    end: tuple[float, float]
    text: str = ""
    both: bool = False
    dashed: bool = False


OURS, DATA, OUTSIDE = "#e8eaf6", "#fff3e0", "#f5f5f5"
BROWSER = Box("Browsers", "and API clients", 0, 0, colour=OUTSIDE)
INGRESS = Box("Ingress", "your controller", 1, 0)
SERVICE = Box("Service", "flowise:3000", 2, 0)


def across(left: Box, right: Box, text: str = "", *, both: bool = False) -> Arrow:
    """Between two boxes of one row."""
    middle = left.top + HEIGHT / 2
    return Arrow((left.left + left.width, middle), (right.left, middle), text, both)


def down(upper: Box, lower: Box, x: float, text: str = "", *, dashed: bool = False) -> Arrow:
    """Between two boxes of different rows, at x."""
    return Arrow((x, upper.top + HEIGHT), (x, lower.top), text, dashed=dashed)


def middle(box: Box) -> float:
    return box.left + box.width / 2


def standalone() -> tuple[str, list[Box], list[Arrow]]:
    main = Box("main", "UI, API, and the flows", 1, 1, 2)
    server = Box("Database server", "PostgreSQL, MySQL", 1, 2, colour=DATA)
    claim = Box("Claim", "uploads, SQLite", 2, 2, colour=DATA)
    arrows = [
        across(BROWSER, INGRESS),
        across(INGRESS, SERVICE),
        down(SERVICE, main, middle(SERVICE)),
        down(main, server, middle(server), "or", dashed=True),
        down(main, claim, middle(claim)),
    ]
    return "Standalone: one pod does everything", [BROWSER, INGRESS, SERVICE, main, server, claim], arrows


def queue() -> tuple[str, list[Box], list[Arrow]]:
    workers = Box("workers", "run the flows", 0, 1)
    redis = Box("Redis", "jobs, streams", 1, 1, colour=DATA)
    mains = Box("mains", "UI and API", 2, 1)
    postgres = Box("PostgreSQL", "flows, messages, users", 0, 2, 1.5, colour=DATA)
    bucket = Box("S3 bucket", "uploads, documents", 1.6, 2, 1.4, colour=DATA)
    arrows = [
        across(BROWSER, INGRESS),
        across(INGRESS, SERVICE),
        down(SERVICE, mains, middle(SERVICE)),
        across(workers, redis, both=True),
        across(redis, mains, both=True),
        down(workers, postgres, middle(workers)),
        down(mains, bucket, middle(mains)),
        Arrow((middle(workers) + 50, workers.top + HEIGHT), (bucket.left + 40, bucket.top)),
        Arrow((middle(mains) - 50, mains.top + HEIGHT), (postgres.left + postgres.width - 40, postgres.top)),
    ]
    return (
        "Queue: mains serve, workers run",
        [BROWSER, INGRESS, SERVICE, workers, redis, mains, postgres, bucket],
        arrows,
    )


def svg(title: str, boxes: list[Box], arrows: list[Arrow]) -> str:
    """The picture."""
    width = 2 * COLUMN + BOX + 2 * MARGIN
    height = max(box.row for box in boxes) * ROW + HEIGHT + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' role="img" font-family="Helvetica, Arial, sans-serif" text-anchor="middle">',
        f"<title>{escape(title)}</title>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
        ' orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#37474f"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        *(_arrow(arrow) for arrow in arrows),
        *(_box(box) for box in boxes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    x, y = middle(box), box.top + HEIGHT / 2
    return (
        f'<rect x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{HEIGHT}" rx="6" fill="{box.colour}"'
        f' stroke="#37474f"/>\n<text x="{x:g}" y="{y - 5:g}" font-size="18" font-weight="bold" fill="#212121">'
        f'{escape(box.title)}</text>\n<text x="{x:g}" y="{y + 18:g}" font-size="15" fill="#37474f">'
        f"{escape(box.text)}</text>"
    )


def _arrow(arrow: Arrow) -> str:
    (x1, y1), (x2, y2) = arrow.start, arrow.end
    heads = ' marker-start="url(#head)"' if arrow.both else ""
    dashes = ' stroke-dasharray="6 4"' if arrow.dashed else ""
    line = (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="#37474f" stroke-width="1.5"{dashes}{heads}'
        ' marker-end="url(#head)"/>'
    )
    if not arrow.text:
        return line
    x, y = (x1 + x2) / 2 + 16, (y1 + y2) / 2 + 5
    return f'{line}\n<text x="{x:g}" y="{y:g}" font-size="15" fill="#37474f">{escape(arrow.text)}</text>'


def pictures() -> dict[str, str]:
    """Every picture by the name of its file."""
    return {"standalone.svg": svg(*standalone()), "queue.svg": svg(*queue())}


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name, picture in pictures().items():
        (PICTURES / name).write_text(picture, encoding="utf-8")
