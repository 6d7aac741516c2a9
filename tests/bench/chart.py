#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""chart JSON SVG: the figures as a chart, a line for each case.

The scale is logarithmic, so that equal ratios are equal lengths.
"""
import json
import math
import re
import sys

sys.dont_write_bytecode = True
from svg import FAINT, GRID, LIMIT, OURS, PEER, dot, head, line, text  # noqa: E402

LEFT, RIGHT, TOP, BOTTOM = 180, 90, 84, 40
WIDTH, ROW, GAP = 960, 18, 16


class Scale:
    def __init__(self, values):
        self.first = math.floor(math.log10(min(values)))
        self.last = math.log10(max(values)) + 0.1

    def x(self, value):
        part = (math.log10(max(value, 1)) - self.first) / (self.last - self.first)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def decades(self):
        return [10 ** n for n in range(self.first, math.floor(self.last) + 1)]


class Group:
    """Rows that stand together: what is in the brackets tells them apart."""

    def __init__(self, title, pattern):
        self.title, self.pattern = title, re.compile(pattern)

    def label(self, case):
        m = self.pattern.fullmatch(case)
        return m and (f'{int(m[1]):,}' if m[1].isdigit() else m[1])


# What a row is of, and what in its name tells it from the others.
GROUPS = [Group(*g) for g in (
    ('4 KiB of our own memory; so many foreign pages are mapped elsewhere', r'local-4k@(\d+)'),
    ('64 KiB of our own memory; so many foreign pages are mapped elsewhere', r'local-64k@(\d+)'),
    ('A list of 16 × 4 KiB; so many foreign pages are mapped elsewhere', r'local-sg16@(\d+)'),
    ('A list of 128 × 4 KiB; so many foreign pages are mapped elsewhere', r'local-sg128@(\d+)'),
    ('A list of 256 × 4 KiB; so many foreign pages are mapped elsewhere', r'local-sg256@(\d+)'),
    ('Our own memory, between two foreign pages', r'local-(.*)@middle'),
    ('A device that does not snoop', r'(local-4k-nc-.*)'),
    ('Behind dma-ranges', r'(local-4k-window|local-4k-shifted|bounce-4096-window-to)'),
    ('Foreign pages', r'(foreign-.*)'),
    ('Bounced to the device; bytes', r'bounce-(\d+)-to'),
    ('Bounced from the device; bytes', r'bounce-(\d+)-from'),
    ('A queue of 4 KiB, bounced to the device', r'bounce-4096(x\d+)-to'),
    ('4 KiB bounced to the device; percent of the pool are taken', r'bounce-4096-full(\d+)'),
    ('Coherent memory, syncs, registers', r'((?:coherent|sync|resource)-.*)'),
)]


def places(rows):
    """(what to draw, where): titles as strings, rows with their labels."""
    y = TOP
    for group in GROUPS:
        members = [(r, group.label(r['case'])) for r in rows if group.label(r['case'])]
        if not members:
            continue
        yield group.title, y
        for n, member in enumerate(members, 1):
            yield member, y + n * ROW
        y += (len(members) + 1) * ROW + GAP


def ratio(r):
    return f'{r["peer"] / r["ours"]:.2f}×' if r['peer'] and r['ours'] else ''


def marks(r, y, scale):
    found = [scale.x(r[c]) for c in ('peer', 'ours') if r[c]]
    if len(found) == 2:
        yield line(*sorted(found)[:1], y, max(found), y, '#bbbbbb', 2)
    if r['limit']:
        x = scale.x(r['limit'])
        yield line(x, y - 6, x, y + 6, LIMIT, 2)
    if r['peer']:
        yield dot(scale.x(r['peer']), y, PEER)
    if r['ours']:
        yield dot(scale.x(r['ours']), y, OURS)


def row(r, label, y, scale):
    yield text(LEFT - 14, y + 4, label, anchor='end')
    yield from marks(r, y, scale)
    yield text(WIDTH - 12, y + 4, ratio(r), anchor='end', colour=FAINT)


def legend():
    yield text(LEFT, 26, 'What one map + unmap costs, in instructions', 16, extra='font-weight="600"')
    yield line(LEFT + 4, 42, LEFT + 4, 54, LIMIT, 2)
    yield text(LEFT + 12, 52, 'limit: dma-direct, or the copy alone', colour=LIMIT)
    yield dot(LEFT + 246, 48, PEER)
    yield text(LEFT + 256, 52, 'swiotlb-xen', colour=PEER)
    yield dot(LEFT + 346, 48, OURS)
    yield text(LEFT + 356, 52, 'swiotlb-arm', colour=OURS)
    yield text(WIDTH - 12, 52, 'peer/ours', anchor='end', colour=FAINT)


def axis(scale, bottom):
    for v in scale.decades():
        x = scale.x(v)
        yield line(x, TOP + ROW / 2, x, bottom, GRID)
        yield text(x, bottom + 16, f'{v:,}', 10, 'middle', FAINT)


def draw(rows):
    scale = Scale([r[c] for r in rows for c in ('limit', 'peer', 'ours') if r[c]])
    placed = list(places(rows))
    bottom = placed[-1][1] + ROW
    yield from head(WIDTH, bottom + BOTTOM)
    yield from legend()
    yield from axis(scale, bottom)
    for what, y in placed:
        if isinstance(what, str):
            yield text(14, y + 4, what, 12, extra='font-weight="600"')
        else:
            yield from row(*what, y, scale)
    yield '</svg>'


def main(source, target):
    rows = [r for r in json.load(open(source)) if r['unit'] == 'instructions']
    with open(target, 'w') as f:
        f.write('\n'.join(draw(rows)) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
