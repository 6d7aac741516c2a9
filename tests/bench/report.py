#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""report DIRECTORY TO STAGE...: what the two kernels reported, as tables and as JSON.

DIRECTORY/SIDE/STAGE/report is what a kernel said. The cases are listed here, so
that one of which nothing is heard is missed. No figure is judged, only that it is
there. The last line is 'N passed, M failed'.
"""
import json
import os
import statistics
import sys

sys.dont_write_bytecode = True
from checks import check, sum_up  # noqa: E402

SIDES = 'peer', 'ours'
FOREIGN = 0, 1, 100, 10000, 100000
SIZES = 64, 512, 2048, 4096, 8192, 65536, 262144, 1048576

CASES = {
    'micro': [
        *(f'{what}@{n}' for what in ('local-4k', 'local-64k', 'local-sg16',
                                     'local-sg128', 'local-sg256') for n in FOREIGN),
        *(f'{what}@middle' for what in ('local-4k', 'local-64k', 'local-sg16',
                                        'local-sg128')),
        'local-4k-nc-to', 'local-4k-nc-from', 'local-4k-window', 'local-4k-shifted',
        'foreign-4k@100000',
        'foreign-sg128', 'foreign-sg128-nc-to', 'foreign-sg128-nc-from',
        'calls-sg128-nc-to', 'calls-sg128-nc-from',
        *(f'bounce-{n}-{way}' for way in ('to', 'from') for n in SIZES),
        'bounce-4096x32-to', 'bounce-4096x256-to', 'bounce-4096-window-to',
        'bounce-4096-full0', 'bounce-4096-full50', 'bounce-4096-full90',
        'bounce-4096-full99', 'pool-maps', 'bounce-largest',
        'coherent-4k', 'coherent-64k', 'sync-4k', 'sync-4k-nc', 'sync-4k-bounce',
        'resource-4k',
    ],
    'threads': [f'threads{n}-{what}' for what in (
        'private', 'local-4k', 'local-64k', 'foreign-4k', 'foreign-sg16', 'bounce-4k',
        'bounce-64k') for n in (2, 4)],
    'map-benchmark': [f'kernel-{what}-{way}-{op}' for what in (
        'map-4k', 'map-64k', 'map-4k-nc', 'bounce-4k', 'bounce-64k')
        for way in ('to', 'from') for op in ('map', 'unmap')],
    'io': [f'{what}, {kib} KiB, {op}' for what in (
        'Dom0, NVMe', 'Dom0, NVMe, all bounced', "PV guest on Dom0's NVMe",
        'dom0less guest, virtio-blk') for op in ('read', 'write') for kib in (4, 128)],
}

TITLES = {
    'micro': 'Instructions of one map and unmap, or of what the name says',
    'threads': "Several threads: the part that is theirs of a private thread's speed-up",
    'map-benchmark': "The kernel's own benchmark; 1 us is 31.25 instructions",
    'io': "Whole I/O: instructions of program, kernels and Xen for a MiB",
}

# What the stock kernel does not do.
PEER_REFUSES = 'bounce-1048576-to', 'bounce-1048576-from', 'resource-4k'

class Report:
    """What one kernel said in one stage: NAME: (UNIT, LIMIT, VALUE)."""

    def __init__(self, directory, side, stage):
        self.path = f'{directory}/{side}/{stage}/report'
        self.side, self.figures, self.errors, self.facts = side, {}, {}, {}
        self.controls, self.private = [], {}
        if stage == 'io':
            self.take_io(directory)
        elif os.path.exists(self.path):
            for line in open(self.path, errors='replace'):
                self.take(line.split())

    def take(self, words):
        match words:
            case ['figure', 'nops', _, limit, value]:
                self.controls.append((int(limit), int(value)))
            case ['figure', name, 'share', private, value]:
                self.private.setdefault(name.split('-')[0], []).append(int(private) / 1000)
                self.figures[name] = 'share', 1, int(value) / 1000
            case ['figure', name, unit, limit, value]:
                limit = None if limit == '-' else int(limit) / 1000
                self.figures[name] = unit, limit, int(value) / 1000
            case ['us', name, op, value]:
                self.figures[f'kernel-{name}-{op}'] = 'us', None, float(value)
            case ['error', name, *why]:
                self.errors[name] = ' '.join(why)
            case [name, *rest]:
                self.facts[name] = rest

    # io.lines are of both kernels: CASE, UNIT, COLUMN and VALUE.
    def take_io(self, directory):
        self.path = f'{directory}/io.out'
        lines = open(self.path, errors='replace').read().split('\n')
        if lines[-2:] == ['exit 0', '']:
            self.facts['end'] = []
        figures = {}
        for line in open(f'{directory}/io/io.lines'):
            name, unit, column, value = line.rstrip('\n').split('\t')
            figures.setdefault(name, {})[column] = int(value)
        for name, found in figures.items():
            if self.side in found:
                self.figures[name] = unit, found.get('limit'), found[self.side]

    def warned(self):
        tainted = self.facts.get('tainted', ['512'])
        return int(tainted[0]) & 512

    def miscounted(self, by=1000):
        return len(self.controls) != 2 or any(abs(a - b) > by for a, b in self.controls)

    def get(self, name):
        return self.figures.get(name, (None, None, None))


def rounded(x, unit):
    if x is None:
        return None
    if unit == 'share':
        return round(x, 2)
    if unit == 'us':
        return round(x, 1)
    return round(x, 1) if x < 100 and round(x, 1) % 1 else round(x)


def row(name, reports):
    found = [r.get(name) for r in reports]
    unit, limit = next(((u, l) for u, l, v in reversed(found) if v is not None), (None, None))
    return {'case': name, 'unit': unit, 'limit': rounded(limit, unit),
            **{side: rounded(f[2], unit) for side, f in zip(SIDES, found)}}


def check_case(name, reports):
    peer, ours = reports
    why = ', '.join(f'{r.side}: {r.errors.get(name, r.errors.get("insmod", "no figure"))}'
                    for r in reports if name not in r.figures)
    check(name, name in ours.figures and (name in peer.figures or name in PEER_REFUSES),
          why)


# Both kernels have the same dma-direct and the same memcpy(). The page allocator is the
# same, too, but not what it has been through.
def limits_differ(reports):
    peer, ours = reports
    for name in CASES['micro']:
        a, b = peer.get(name)[1], ours.get(name)[1]
        if None not in (a, b) and not name.startswith('coherent') and abs(a - b) > 1:
            return f'{name}: {a:.1f} and {b:.1f}'
    return ''


def check_controls(stage, reports):
    for r in reports:
        check(f'{stage}: {r.side} came to its end', 'end' in r.facts, r.path)
        if stage != 'io':
            check(f'{stage}: the kernel of {r.side} did not warn', not r.warned(), r.path)
    if stage != 'micro':
        return
    for r in reports:
        check(f'a thousand instructions of {r.side} are counted as a thousand',
              not r.miscounted(), str(r.controls))
    differ = limits_differ(reports)
    check('the limits are the same in both kernels', not differ, differ)


# More is better of some; of those no ratio is told.
def ratio(a, b, unit):
    if None in (a, b) or not b or unit in ('bytes', 'maps', 'share'):
        return '-'
    return f'{a / b:.2f}'


def cell(x):
    return '-' if x is None else f'{x:,}'


def table(rows):
    yield 'case', 'limit', 'peer', 'ours', 'ours/limit', 'peer/ours', 'unit'
    for r in rows:
        yield (r['case'], *(cell(r[c]) for c in ('limit', *SIDES)),
               ratio(r['ours'], r['limit'], r['unit']),
               ratio(r['peer'], r['ours'], r['unit']), r['unit'] or '-')


def print_table(stage, rows):
    print(f'\n{TITLES[stage]}\n')
    width = max(len(r['case']) for r in rows) + 2
    for line in table(rows):
        print('{:<{}}{:>10}{:>11}{:>11}{:>12}{:>11}  {}'.format(line[0], width, *line[1:]))


def print_private(reports):
    for r in reports:
        for n, found in sorted(r.private.items()):
            print(f'{n} of {r.side} that share nothing: {statistics.median(found):.2f} '
                  'times one')


def tell(stage, reports):
    rows = [row(name, reports) for name in CASES[stage]]
    print_table(stage, rows)
    print_private(reports)
    return rows


def judge(stage, reports):
    for name in CASES[stage]:
        check_case(name, reports)
    check_controls(stage, reports)


def tell_size(directory):
    """What the driver adds to a kernel: NAME BYTES in each line of ours/size."""
    path = f'{directory}/ours/size'
    found = dict(line.split() for line in open(path)) if os.path.exists(path) else {}
    print('\nCode and data of the driver: ' +
          ', '.join(f'{name} {int(n):,}' for name, n in found.items()) + ' bytes')
    check("the driver's code and data are told", int(found.get('text', 0)) > 0, path)


def main(directory, to, *stages):
    reports = {s: [Report(directory, side, s) for side in SIDES] for s in stages}
    rows = [r for s in stages for r in tell(s, reports[s])]
    with open(f'{to}/bench.json', 'w') as f:
        json.dump(rows, f, indent=1)
    tell_size(directory)
    print()
    for s in stages:
        judge(s, reports[s])
    return sum_up()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
