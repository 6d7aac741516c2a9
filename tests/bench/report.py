#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""report DIRECTORY TO: what the two kernels reported, as a table and as JSON.

DIRECTORY/SIDE/STAGE/report is what a kernel said. The cases are listed here, so
that one of which nothing is heard is missed. The last line is 'N passed, M failed'.
"""
import json
import os
import sys

SIDES = 'peer', 'ours'
FOREIGN = 0, 1, 100, 10000, 100000
SIZES = 64, 512, 2048, 4096, 8192, 65536, 262144, 1048576

MICRO = [
    *(f'{what}@{n}' for what in ('local-4k', 'local-64k', 'local-sg16',
                                 'local-sg128', 'local-sg256') for n in FOREIGN),
    'foreign-4k@100000',
    'foreign-sg128', 'foreign-sg128-nc-to', 'foreign-sg128-nc-from',
    'calls-sg128-nc-to', 'calls-sg128-nc-from',
    'local-4k-nc-to', 'local-4k-nc-from',
    *(f'bounce-{n}-{way}' for way in ('to', 'from') for n in SIZES),
    'bounce-4096-full0', 'bounce-4096-full50', 'bounce-4096-full90',
    'bounce-4096-full99', 'pool-maps', 'bounce-largest',
    'coherent-4k', 'coherent-64k', 'sync-4k', 'sync-4k-nc', 'sync-4k-bounce',
    'resource-4k',
]

# What the stock kernel does not do.
PEER_REFUSES = 'bounce-1048576-to', 'bounce-1048576-from', 'resource-4k'

passed = failed = 0


def check(what, ok, why=''):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f'FAILED: {what}' + (f' ({why})' if why else ''))


class Report:
    """What one kernel said in one stage."""

    def __init__(self, path):
        self.path, self.figures, self.errors, self.facts = path, {}, {}, {}
        self.controls = []
        for line in open(path, errors='replace') if os.path.exists(path) else ():
            self.take(line.split())

    def take(self, words):
        match words:
            case ['figure', 'nops', _, limit, value]:
                self.controls.append((int(limit), int(value)))
            case ['figure', name, unit, limit, value]:
                limit = None if limit == '-' else int(limit) / 1000
                self.figures[name] = unit, limit, int(value) / 1000
            case ['error', name, *why]:
                self.errors[name] = ' '.join(why)
            case [name, *rest]:
                self.facts[name] = rest

    def warned(self):
        tainted = self.facts.get('tainted', ['512'])
        return int(tainted[0]) & 512

    def miscounted(self):
        return len(self.controls) != 2 or any(abs(a - b) > 1000 for a, b in self.controls)

    def get(self, name):
        return self.figures.get(name, (None, None, None))


def rounded(x):
    if x is None:
        return None
    return round(x, 1) if x < 100 and round(x, 1) % 1 else round(x)


def row(name, reports):
    found = [r.get(name) for r in reports]
    unit, limit = next(((u, l) for u, l, v in reversed(found) if v is not None), (None, None))
    return {'case': name, 'unit': unit, 'limit': rounded(limit),
            **{side: rounded(f[2]) for side, f in zip(SIDES, found)}}


def check_case(name, reports):
    peer, ours = reports
    why = ', '.join(f'{s}: {r.errors.get(name, "no figure")}'
                    for s, r in zip(SIDES, reports) if name not in r.figures)
    check(name, name in ours.figures and (name in peer.figures or name in PEER_REFUSES),
          why)


# Both kernels have the same dma-direct, the same memcpy(), and much the same page
# allocator.
def limits_differ(reports):
    peer, ours = reports
    for name in MICRO:
        a, b = peer.get(name)[1], ours.get(name)[1]
        if None not in (a, b) and abs(a - b) > 1 + 0.02 * a:
            return f'{name}: {a:.1f} and {b:.1f}'
    return ''


def check_controls(reports):
    for side, r in zip(SIDES, reports):
        check(f'{side}: came to its end', 'end' in r.facts, r.path)
        check(f'{side}: the kernel did not warn', not r.warned(), r.path)
        check(f'{side}: a thousand instructions are counted as a thousand',
              not r.miscounted(), str(r.controls))
    differ = limits_differ(reports)
    check('the limits are the same in both kernels', not differ, differ)


def ratio(a, b, unit):
    if None in (a, b) or not b or unit in ('bytes', 'maps'):
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


def main(directory, to):
    reports = [Report(f'{directory}/{s}/micro/report') for s in SIDES]
    rows = [row(name, reports) for name in MICRO]
    for line in table(rows):
        print('{:<22}{:>11}{:>12}{:>12}{:>12}{:>11}  {}'.format(*line))
    with open(f'{to}/bench.json', 'w') as f:
        json.dump(rows, f, indent=1)
    for name in MICRO:
        check_case(name, reports)
    check_controls(reports)
    print(f'{passed} passed, {failed} failed')
    return failed > 0


sys.exit(main(*sys.argv[1:]))
