#!/usr/bin/env python3
"""Draws the samples of bench.py as SVG, a picture per workload.

Bars are medians, sorted, with the minimum as a tick; growth is drawn as lines.
The background is left out and every colour stands out from white and from
black alike, so the pictures suit a light and a dark page.
"""

import argparse
import json
import math
import os
import sys
from xml.sax.saxutils import escape

WIDTH = 800
FONT = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
TEXT = "#757b83"
OURS = "#2f81f7"
OURS_TOO = "#6ea8f7"
PEER = "#8b929b"
LINES = ["#2f81f7", "#d9730d", "#2f9e6e", "#b565c9", "#c9535a", "#8c8a1c"]

LABELS = 210        # where the names end
BARS = 218          # where the bars begin
BAR_ROOM = 470      # the longest bar
ROW = 24
BAR = 15


class Picture:
    """SVG elements, and how far down they reach."""

    def __init__(self):
        self.parts = []
        self.bottom = 0

    def text(self, x, y, words, **style):
        fill = style.get("fill", TEXT)
        size = style.get("size", 13)
        weight = ' font-weight="600"' if style.get("bold") else ""
        anchor = style.get("anchor", "start")
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" font-size="{size}"'
            f' text-anchor="{anchor}"{weight}>{escape(words)}</text>')
        self.bottom = max(self.bottom, y + 6)

    def line(self, x1, y1, x2, y2, stroke=TEXT, width=1.0, opacity=1.0):
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            f' stroke="{stroke}" stroke-width="{width}"'
            f' stroke-opacity="{opacity}"/>')
        self.bottom = max(self.bottom, y1, y2)

    def bar(self, x, y, width, fill):
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}"'
            f' height="{BAR}" rx="2" fill="{fill}"/>')
        self.bottom = max(self.bottom, y + BAR)

    def path(self, points, stroke, width):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(
            f'<polyline points="{places}" fill="none" stroke="{stroke}"'
            f' stroke-width="{width}" stroke-linejoin="round"/>')
        self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1:.1f}"'
                       f' fill="{stroke}"/>' for x, y in points]

    def svg(self, title):
        height = math.ceil(self.bottom + 12)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}"'
                f' height="{height}" viewBox="0 0 {WIDTH} {height}"'
                f' font-family="{FONT}" role="img">\n'
                f'<title>{escape(title)}</title>\n' +
                "\n".join(self.parts) + "\n</svg>\n")


def figure(number):
    if number >= 100:
        return f"{number:,.0f}"
    if number >= 0.01:
        return f"{number:.3g}"
    return f"{number:.2g}"


def wrap(words, most):
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def draw_title(picture, name, words):
    y = 22
    lines = wrap(f"{name}: {words}", 84)
    for line in lines:
        picture.text(8, y, line, size=15, bold=True)
        y += 20
    return y


def nice_step(reach, most=5):
    """A step of 1, 2 or 5 times a power of ten, `most` of them at most."""
    power = 10 ** math.floor(math.log10(reach / most))
    return next(power * factor for factor in (1, 2, 5, 10)
                if power * factor * most >= reach * 0.999)


def reach_of(values):
    """Where the axis ends. A few bars may be so long that they would hide the
    rest: they are cut, and their figures say how long they are."""
    values = sorted(values)
    usual = max(6 * values[len(values) // 3], 1.6 * values[len(values) // 2])
    return (values[-1] if values[-1] < 1.5 * usual else usual) or 1


def colour_of(record, first):
    if not record["ours"]:
        return PEER
    return OURS if record is first else OURS_TOO


def draw_axis(picture, top, bottom, reach, unit):
    step = nice_step(reach)
    count = int(reach / step * 1.001)
    for i in range(count + 1):
        x = BARS + BAR_ROOM * i * step / reach
        picture.line(x, top, x, bottom, opacity=0.25)
        picture.text(x, bottom + 15, figure(i * step) if i else "0", size=11,
                     anchor="middle")
    picture.text(WIDTH - 8, bottom + 15, unit, size=12, anchor="end")


def draw_bar(picture, y, record, reach, fill):
    value = record["median"]
    length = BAR_ROOM * min(value, reach) / reach
    ours = record["ours"]
    picture.text(LABELS, y + 12, record["peer"], anchor="end", bold=ours,
                 fill=OURS if ours else TEXT)
    end = BARS + length
    if value > reach:
        picture.bar(BARS, y, length - 26, fill)
        picture.bar(end - 12, y, 12, fill)
        for x in (end - 22, end - 16):
            picture.line(x - 3, y + BAR + 2, x + 3, y - 2, width=1.5)
    else:
        picture.bar(BARS, y, length, fill)
    if record["min"] < (value if value <= reach else 0.9 * reach):
        x = BARS + BAR_ROOM * record["min"] / reach
        picture.line(x, y - 1, x, y + BAR + 1, stroke=TEXT, width=1.5)
    picture.text(end + 6, y + 12, figure(value), bold=ours,
                 fill=OURS if ours else TEXT)


def draw_bars(picture, y, heading, records):
    """A panel of bars below y; gives where it ends."""
    ours = [record for record in records if record["ours"]]
    first = ours[0] if ours else None
    ranked = sorted(records, key=lambda record: record["median"])
    reach = reach_of([record["median"] for record in ranked])
    picture.text(8, y + 14, heading, bold=True)
    top = y + 24
    bottom = top + ROW * len(ranked)
    draw_axis(picture, top, bottom, reach, ranked[0]["unit"])
    for record in ranked:
        draw_bar(picture, top + 4, record, reach, colour_of(record, first))
        top += ROW
    return bottom + 30


def panel_heading(record):
    plural = "s" if record["workers"] > 1 else ""
    return f"{record['measure']}, {record['workers']} worker{plural}"


def bars_of(workload, words, records):
    picture = Picture()
    y = draw_title(picture, workload, words)
    panels = {}
    for record in records:
        panels.setdefault(panel_heading(record), []).append(record)
    for heading, panel in panels.items():
        y = draw_bars(picture, y, heading, panel)
    if any(len(record["samples"]) > 1 for record in records):
        picture.text(8, y + 8, "bar: median; tick: minimum; a cut bar goes "
                     "on; less is better", size=11)
    return picture.svg(f"{workload}: {words}")


class Scale:
    """A logarithmic axis between two places of the picture."""

    def __init__(self, low, high, at_low, at_high):
        self.low = math.log10(low)
        self.span = math.log10(high) - self.low or 1
        self.at_low = at_low
        self.at_high = at_high

    def __call__(self, value):
        part = (math.log10(value) - self.low) / self.span
        return self.at_low + part * (self.at_high - self.at_low)


def ticks(low, high):
    """1, 2 and 5 times powers of ten; powers alone over a long way."""
    factors = (1, 2, 5) if high / low < 300 else (1,)
    power = math.floor(math.log10(low))
    found = []
    while 10 ** power <= high:
        found += [factor * 10 ** power for factor in factors]
        power += 1
    return [tick for tick in found if low * 0.999 <= tick <= high * 1.001]


def spread(places, gap):
    """Moves label places down until none covers another."""
    moved = []
    for place in sorted(places):
        moved.append(max(place, moved[-1] + gap) if moved else place)
    return dict(zip(sorted(places), moved))


def short(number):
    return f"{number:,.0f}" if number < 1e6 else f"{number / 1e6:g} million"


def draw_lines(picture, y, heading, records, colours):
    left, right, top, bottom = 60, 590, y + 28, y + 228
    values = [record["median"] for record in records]
    xs = sorted({record["growth"][1] for record in records})
    across = Scale(xs[0], xs[-1], left + 10, right - 10)
    up = Scale(min(values) * 0.8, max(values) * 1.25, bottom, top)
    picture.text(8, y + 14, f"{heading}, {records[0]['unit']}", bold=True)
    for tick in ticks(min(values) * 0.8, max(values) * 1.25):
        picture.line(left, up(tick), right, up(tick), opacity=0.25)
        picture.text(left - 6, up(tick) + 4, figure(tick), size=11,
                     anchor="end")
    for x in xs:
        picture.text(across(x), bottom + 16, short(x), size=11,
                     anchor="middle")
    peers = {}
    for record in records:
        peers.setdefault(record["peer"], []).append(record)
    ends = {up(line[-1]["median"]): peer for peer, line in peers.items()}
    labels = spread(ends, 16)
    ranked = sorted(peers, key=lambda peer: not peers[peer][0]["ours"])
    for peer in ranked:
        line = peers[peer]
        colour = colours[line[0]["row"].partition(":")[0]]
        ours = line[0]["ours"]
        points = [(across(r["growth"][1]), up(r["median"])) for r in line]
        picture.path(points, colour, 3.5 if ours else 1.8)
        words = f"{peer}  {figure(line[-1]['median'])}"
        picture.text(right + 8, labels[points[-1][1]] + 4, words,
                     fill=colour, bold=ours)
    return max(bottom + 34, max(labels.values()) + 24)


def growth_of(workload, words, records):
    picture = Picture()
    y = draw_title(picture, workload, words)
    programs = dict.fromkeys(record["row"].partition(":")[0]
                             for record in records)
    colours = dict(zip(programs, LINES * 3))
    panels = {}
    for record in records:
        panels.setdefault(record["growth"][0], []).append(record)
    for heading, panel in panels.items():
        y = draw_lines(picture, y, heading, panel, colours)
    picture.text(8, y + 8, "medians; both axes logarithmic; less is better",
                 size=11)
    return picture.svg(f"{workload}: {words}")


def draw_file(samples, folder):
    """Draws a picture per workload of a JSON file; gives their paths."""
    with open(samples, encoding="utf-8") as file:
        bench = json.load(file)
    workloads = {}
    for record in bench["results"]:
        if record["drawn"] and record["median"] is not None:
            workloads.setdefault(record["workload"], []).append(record)
    os.makedirs(folder, exist_ok=True)
    for workload, records in workloads.items():
        draw = growth_of if records[0]["growth"] else bars_of
        path = os.path.join(folder, workload.lower() + ".svg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(draw(workload, bench["titles"][workload], records))
        yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("samples", metavar="FILE", help="JSON of bench.py")
    parser.add_argument("--charts", metavar="DIR", default="charts",
                        help="where the pictures go (charts)")
    options = parser.parse_args()
    try:
        for path in draw_file(options.samples, options.charts):
            print(path)
    except OSError as error:
        print(f"chart: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
