#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""chart JSON SVG: each of the task's answers as a stroke, a line for each run.

The scale is logarithmic. Strokes that fall on the same place are one.
"""
import json
import math
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../bench'))
from svg import FAINT, GRID, LIMIT, OURS, PEER, dot, head, line, text  # noqa: E402

LEFT, RIGHT, TOP, BOTTOM = 150, 90, 84, 48
WIDTH, ROW, GAP = 960, 20, 16
COLOURS = {'peer': PEER, 'ours': OURS}
LOADS = {'alone': 'alone', 'loaded': 'beside others that want the CPU'}


class Scale:
    def __init__(self, values):
        self.first = math.log10(min(values) / 1.2)
        self.last = math.log10(max(values) * 1.2)

    def x(self, value):
        part = (math.log10(value) - self.first) / (self.last - self.first)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def marks(self):
        """1, 2 and 5 of each decade that the scale has"""
        for n in range(math.floor(self.first), math.ceil(self.last) + 1):
            for v in (10 ** n, 2 * 10 ** n, 5 * 10 ** n):
                if self.first <= math.log10(v) <= self.last:
                    yield v


def strokes(values, y, colour, scale):
    at = sorted({round(scale.x(v), 1) for v in values})
    path = ''.join(f'M{x} {y - 6}v12' for x in at)
    return f'<path d="{path}" stroke="{colour}" stroke-width="0.7" stroke-opacity="0.6"/>'


def limit(value, y, scale):
    x = scale.x(value)
    return line(x, y - 8, x, y + 8, LIMIT, 2)


def row(r, y, scale):
    colour = COLOURS[r['side']]
    yield text(LEFT - 14, y + 4, f'{r["route"]}, {r["side"]}', anchor='end')
    yield strokes(r['responses'], y, colour, scale)
    yield dot(scale.x(r['median']), y, colour)
    if r['allowed'] is not None:
        yield limit(r['allowed'], y, scale)
    yield text(WIDTH - 12, y + 4, f'{r["worst"] / 1000:.2f}', anchor='end', colour=FAINT)


def places(rows):
    """(what to draw, where): titles as strings, and rows."""
    y = TOP
    for kind in dict.fromkeys((r['scheduler'], r['load']) for r in rows):
        yield f'sched={kind[0]}, {LOADS[kind[1]]}', y
        for r in rows:
            if (r['scheduler'], r['load']) == kind:
                y += ROW
                yield r, y
        y += ROW + GAP


def legend():
    yield text(LEFT, 26, 'How long a periodic task in Dom0 takes for its DMA', 16,
               extra='font-weight="600"')
    yield dot(LEFT + 4, 48, PEER)
    yield text(LEFT + 14, 52, 'swiotlb-xen, median', colour=PEER)
    yield dot(LEFT + 144, 48, OURS)
    yield text(LEFT + 154, 52, 'swiotlb-arm, median', colour=OURS)
    yield line(LEFT + 286, 42, LEFT + 286, 54, LIMIT, 2)
    yield text(LEFT + 294, 52, 'what the share of the CPU allows', colour=LIMIT)
    yield text(WIDTH - 12, 52, 'worst, ms', anchor='end', colour=FAINT)


def axis(scale, bottom, deadline):
    for v in scale.marks():
        x = scale.x(v)
        yield line(x, TOP + ROW / 2, x, bottom, GRID)
        yield text(x, bottom + 16, f'{v / 1000:g} ms', 10, 'middle', FAINT)
    x = scale.x(deadline)
    yield line(x, TOP + ROW / 2, x, bottom, FAINT)
    yield text(x, bottom + 32, f'next release: {deadline / 1000:g} ms', 10, 'middle', FAINT)


def draw(rows):
    deadline = rows[0]['deadline']
    scale = Scale([deadline] + [r[c] for r in rows for c in ('least', 'worst', 'allowed')
                                if r[c] is not None])
    placed = list(places(rows))
    bottom = placed[-1][1] + ROW
    yield from head(WIDTH, bottom + BOTTOM)
    yield from legend()
    yield from axis(scale, bottom, deadline)
    for what, y in placed:
        if isinstance(what, str):
            yield text(14, y + 4, what, 12, extra='font-weight="600"')
        else:
            yield from row(what, y, scale)
    yield '</svg>'


def main(source, target):
    rows = json.load(open(source))
    if not rows:
        sys.exit(f'{source} has no answers')
    with open(target, 'w') as f:
        f.write('\n'.join(draw(rows)) + '\n')


main(*sys.argv[1:])
