#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""latency DIRECTORY TO OPS IRQS_OPS PART...: how long single operations took, as tables,
as JSON and as a chart.

DIRECTORY/SIDE/STAGE/report is what a kernel said of its operations, and
DIRECTORY/SIDE-irqs/STAGE/report of for how long interrupts were off during others.
The classes are listed here, so that one of which nothing is heard is missed. No figure is
judged, only that it is there. The last line is 'N passed, M failed'.
"""
import json
import sys

sys.dont_write_bytecode = True
import chart  # noqa: E402
import checks  # noqa: E402
import report  # noqa: E402

SIDES = report.SIDES
PHASES = ('full0', 'full50', 'full90', 'full99', 'pressed', 'flood', 'guests', 'grow',
          'shrink', 'starved')
SIZES = '2k', '4k', '8k', '16k', '64k', '256k', '1m'
GOAL = 3

# The stock kernel bounces no more than 256 KiB, and a list of a guest's pages is no longer
# here, either.
PEER_REFUSES = 'bounced-1m'
WAYS = {
    'map': {'direct': SIZES, 'foreign': SIZES[:-1], 'bounced': SIZES},
    'sync': {'direct': SIZES, 'foreign': SIZES[:-1], 'bounced': SIZES},
    'sync-copy': {'bounced': SIZES},
    'unmap': {'direct': SIZES, 'foreign': SIZES[:-1], 'bounced': SIZES},
    'unmap-copy': {'bounced': SIZES},
    'refused': {'bounced': SIZES},
}
GROUPS = [(f'{deed}-{way}', sizes) for deed, ways in WAYS.items()
          for way, sizes in ways.items()]
CLASSES = [f'{group}-{size}' for group, sizes in GROUPS for size in sizes]

TITLES = {
    'map': 'map', 'unmap': 'unmap', 'sync': 'sync that copies nothing',
    'unmap-copy': 'unmap that copies', 'sync-copy': 'sync that copies',
    'refused': 'map that is refused',
}


class Tally:
    """What came of a class: how often which figure, and where the largest is from."""

    def __init__(self):
        self.number = self.disturbed = self.seen = 0
        self.least, self.worst, self.place = None, -1, ''
        self.counts, self.phases = {}, {}

    def add(self, number, least, worst, disturbed, seen, place):
        self.number += number
        self.disturbed += disturbed
        self.seen = max(self.seen, seen)
        self.least = least if self.least is None else min(self.least, least)
        if worst > self.worst:
            self.worst, self.place = worst, place

    def count(self, figure, number):
        self.counts[figure] = self.counts.get(figure, 0) + number

    def part(self, part):
        """The figure that this part of all operations does not exceed."""
        left = part * sum(self.counts.values())
        for figure, number in sorted(self.counts.items()):
            left -= number
            if left <= 1e-6:
                return figure
        return None


class Report(report.Report):
    """What one kernel said in one stage, in addition to figures."""

    def __init__(self, directory, side, stage):
        self.lines, self.counts, self.most = [], [], []
        super().__init__(directory, side, stage)

    def take(self, words):
        match words:
            case ['class', name, a, b, c, d, e, *place]:
                numbers = [int(n) for n in (a, b, c, d, e)]
                self.lines.append((name, numbers, ' '.join(place)))
            case ['counts', name, *counts]:
                self.counts += [(name, *map(int, c.split(':'))) for c in counts]
            case ['most', name, *most]:
                self.most += [(name, *m.split(':')) for m in most]
            case _:
                super().take(words)


class Part:
    """What one kernel said of operations (latency) or of interrupts (irqs)."""

    def __init__(self, directory, side, part):
        name = side if part == 'latency' else f'{side}-{part}'
        self.side, self.part = side, part
        self.reports = [Report(directory, name, stage) for stage in (part, f'{part}-grow')]
        self.tallies = {}
        for r in self.reports:
            for name, numbers, place in r.lines:
                self.tallies.setdefault(name, Tally()).add(*numbers, place)
            for name, figure, number in r.counts:
                self.tallies.setdefault(name, Tally()).count(figure, number)
            for name, phase, figure in r.most:
                self.tallies.setdefault(name, Tally()).phases[phase] = int(figure)

    def number(self):
        return sum(t.number for t in self.tallies.values())

    def probes(self):
        """What the probes themselves take."""
        return max(round(r.get('irqs-control')[2] or 0) for r in self.reports)

    def wake(self):
        """What the kernel takes to wake a worker."""
        return min(round(r.get('wake')[2] or 0) for r in self.reports)

    def fact(self, name):
        return sum(int(r.facts[name][0]) for r in self.reports if name in r.facts)


def wanted(name, side):
    return side == 'ours' or not name.endswith(PEER_REFUSES)


# ---- the figures ----

def row(name, latency, irqs):
    cells = {'case': name}
    for side in SIDES:
        t = latency.get(side) and latency[side].tallies.get(name)
        i = irqs.get(side) and irqs[side].tallies.get(name)
        if t:
            cells[side] = {
                'number': t.number, 'least': t.least, 'median': t.part(0.5),
                '99.99': t.part(0.9999), 'worst': t.worst, 'phases': t.phases,
                'disturbed': t.disturbed, 'seen': t.seen, 'counts': t.counts,
            }
        if i:
            cells.setdefault(side, {})
            cells[side] |= {'irqs': max(i.worst - irqs[side].probes(), 0),
                            'irqs-place': i.place}
    return cells


def ratio(cells):
    return cells['worst'] / max(cells['median'], 1) if 'worst' in cells else None


def cell(x):
    return '-' if x is None else f'{x:,}' if isinstance(x, int) else str(x)


def figures_of(cells):
    found = ratio(cells)
    return (*(cell(cells.get(c)) for c in ('median', '99.99', 'worst')),
            '-' if found is None else f'{found:.1f}', cell(cells.get('irqs')))


def origin_of(cells):
    return tuple(cell(cells.get(c)) for c in ('number', 'disturbed', 'seen'))


def print_phases(rows):
    """The worst of each phase, of what takes something of the pool."""
    for side in SIDES:
        print(f'\nThe worst of each phase, {side}\n')
        print(' ' * 24 + ''.join(f'{p:>10}' for p in PHASES))
        for r in rows:
            if 'bounced' in r['case']:
                found = r.get(side, {}).get('phases', {})
                print(f'{r["case"]:<24}' + ''.join(f'{cell(found.get(p)):>10}'
                                                   for p in PHASES))


def print_table(title, rows, heads, of, width):
    print(f'\n{title}\n')
    wide = max(len(r['case']) for r in rows) + 1
    print(' ' * wide + ''.join(f'{side:>{width * len(heads)}}' for side in SIDES))
    print(f'{"class":<{wide}}' + ''.join(f'{h:>{width}}' for h in heads) * len(SIDES))
    for r in rows:
        print(f'{r["case"]:<{wide}}' + ''.join(
            f'{c:>{width}}' for side in SIDES for c in of(r.get(side, {}))))


def print_summary(rows):
    print()
    for side in SIDES:
        found = [(ratio(r[side]), r['case']) for r in rows if ratio(r.get(side, {}))]
        over = [x for x in found if x[0] > GOAL]
        if found:
            print(f'{side}: the worst is more than {GOAL} times the median in {len(over)} '
                  f'of {len(found)} classes; at most {max(found)[0]:.1f} times '
                  f'({max(found)[1]})')
        irqs = [(r[side]['irqs'], r['case'], r[side]['irqs-place']) for r in rows
                if 'irqs' in r.get(side, {})]
        if irqs:
            longest = max(irqs)
            print(f'{side}: interrupts are off for at most {longest[0]:,} instructions '
                  f'({longest[1]}, {longest[2]})')


def print_facts(parts):
    for p in parts:
        print(f'{p.part} of {p.side}: {p.number():,} operations, '
              f'{sum(t.disturbed for t in p.tallies.values())} of them disturbed, '
              f'{p.fact("strayed")} not done the same twice'
              + (f'; the probes take {p.probes()} instructions' if p.part == 'irqs' else '')
              + f'; to wake a worker, {p.wake():,}')
        if p.side == 'ours':
            print(f'{p.part} of {p.side}: the pool has grown by {p.fact("areas_grown")} chunks, '
                  f'and shrunk by {p.fact("areas_retired")}')


# ---- what is missing ----

def check_part(part, ops):
    name = f'{part.part} of {part.side}'
    for r in part.reports:
        errors = ', '.join(f'{n}: {why}' for n, why in r.errors.items())
        checks.check(f'{r.path}: came to its end, without an error',
                     'end' in r.facts and not errors, errors)
        checks.check(f'{r.path}: the kernel did not warn', not r.warned())
        checks.check(f'{r.path}: a thousand instructions are counted as a thousand',
                     not r.miscounted(4000), str(r.controls))
    checks.check(f'{name}: {ops} operations', part.number() == ops, str(part.number()))
    for c in CLASSES:
        if wanted(c, part.side):
            checks.check(f'{name}: {c}', c in part.tallies, 'no figure')
    missing = set(PHASES) - {p for t in part.tallies.values() for p in t.phases}
    checks.check(f'{name}: every phase', not missing, ' '.join(missing))
    unknown = ' '.join(set(part.tallies) - set(CLASSES))
    checks.check(f'{name}: no other operation, and none refused that needs no pool',
                 not unknown, unknown)
    _, limit, value = part.reports[1].get('starved')
    checks.check(f'{name}: a pool without memory to grow by did not grow much',
                 value is not None and value < 0.6 * limit, str(value))
    checks.check(f'{name}: a worker was woken', part.wake() > 0)
    if part.part == 'irqs':
        checks.check(f'{name}: the probes saw what is known', part.probes() > 0)
    if part.side == 'ours':
        grown, retired = part.fact('areas_grown'), part.fact('areas_retired')
        checks.check(f'{name}: the pool grew and shrank', grown and retired,
                     f'by {grown} and {retired} chunks')


# ---- the chart ----

ROW, HALF, BIN = 26, 10, 3
# Room for two ratios
chart.RIGHT = 150


def bins(counts, scale):
    """Bars: how many figures there are at each place, of which a bar has BIN."""
    found = {}
    for figure, number in counts.items():
        x = int(scale.x(figure) / BIN)
        found[x] = found.get(x, 0) + number
    return found


def bars(cells, y, up, colour, scale):
    """Heights are logarithmic: one operation of a million is seen, too."""
    for x, number in bins(cells['counts'], scale).items():
        height = HALF * (0.15 + 0.85 * min(len(str(number)) - 1 + int(str(number)[0]) / 10,
                                           6) / 6)
        top = y - height if up else y
        yield (f'<rect x="{x * BIN:.0f}" y="{top:.1f}" width="{BIN}" height="{height:.1f}" '
               f'fill="{colour}"/>')
    for figure, width in (cells['median'], 2), (cells['worst'], 1):
        x = scale.x(figure)
        yield chart.line(x, y, x, y - HALF - 1 if up else y + HALF + 1, chart.LIMIT, width)


def told(r):
    return ', '.join(f'{ratio(r[side]):,.1f}×' if ratio(r.get(side, {})) else '-'
                     for side in SIDES)


def chart_row(r, label, y, scale):
    yield chart.text(chart.LEFT - 14, y + 4, label, anchor='end')
    yield chart.line(chart.LEFT, y, chart.WIDTH - chart.RIGHT, y, chart.GRID)
    for side, up, colour in ('ours', True, chart.OURS), ('peer', False, chart.PEER):
        if 'counts' in r.get(side, {}):
            yield from bars(r[side], y, up, colour, scale)
    yield chart.text(chart.WIDTH - 12, y + 4, told(r), anchor='end', colour=chart.FAINT)


def legend():
    yield chart.text(chart.LEFT, 26, 'How long one operation takes, in instructions', 16,
                     extra='font-weight="600"')
    yield chart.text(chart.LEFT, 52, 'upwards: swiotlb-arm', colour=chart.OURS)
    yield chart.text(chart.LEFT + 130, 52, 'downwards: swiotlb-xen', colour=chart.PEER)
    yield chart.text(chart.LEFT + 280, 52, 'strokes: the median (thick) and the worst; '
                     'heights are logarithmic', colour=chart.LIMIT)
    yield chart.text(chart.WIDTH - 12, 72, 'worst/median: peer, ours', anchor='end',
                     colour=chart.FAINT)


def places(rows):
    y = chart.TOP
    for group, sizes in GROUPS:
        deed, way = group.rsplit('-', 1)
        yield f'{TITLES[deed]}, {way}; bytes up to'.capitalize(), y
        for size in sizes:
            y += ROW
            yield (next(r for r in rows if r['case'] == f'{group}-{size}'), size), y
        y += ROW + chart.GAP


def draw(rows):
    figures = [f for r in rows for side in SIDES for f in r.get(side, {}).get('counts', ())]
    scale = chart.Scale([max(f, 1) for f in figures])
    placed = list(places(rows))
    bottom = placed[-1][1] + ROW
    yield from chart.head(chart.WIDTH, bottom + chart.BOTTOM)
    yield from legend()
    yield from chart.axis(scale, bottom)
    for what, y in placed:
        if isinstance(what, str):
            yield chart.text(14, y + 4, what, 12, extra='font-weight="600"')
        else:
            yield from chart_row(*what, y, scale)
    yield '</svg>'


def main(directory, to, ops, irqs_ops, *names):
    parts = {name: {side: Part(directory, side, name) for side in SIDES} for name in names}
    rows = [row(name, parts.get('latency', {}), parts.get('irqs', {})) for name in CLASSES]
    with open(f'{to}/latency.json', 'w') as f:
        json.dump(rows, f, indent=1)
    print_table('Instructions of one operation; irqs off: the longest time for which '
                'interrupts are off', rows,
                ('median', '99.99 %', 'worst', 'w/median', 'irqs off'), figures_of, 10)
    if 'latency' in parts:
        print_table('Where they come from', rows,
                    ('number', 'disturbed', 'worst seen'), origin_of, 11)
        print_phases(rows)
        with open(f'{to}/latency.svg', 'w') as f:
            f.write('\n'.join(draw(rows)) + '\n')
    print_summary(rows)
    print_facts([p for sides in parts.values() for p in sides.values()])
    print()
    for name, sides in parts.items():
        for p in sides.values():
            check_part(p, int(ops if name == 'latency' else irqs_ops))
    return checks.sum_up()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
