# SPDX-License-Identifier: GPL-2.0-only
"""show: flights as a text, as a page of HTML and as a table for the manual.

All three are the same grid. A row is a kernel, its page size and a Xen; a column is a
mode. A job without a Xen stands in the first row that has its kernel and pages.
"""
import html
import os

import record

FLIGHTS_SHOWN = 15


class Grid:
    def __init__(self, flight, jobs):
        self.flight, self.rows, self.modes, self.cells = flight, [], [], {}
        for job in jobs:
            row = self.row_of(job, jobs)
            if row not in self.rows:
                self.rows.append(row)
            if job['mode'] not in self.modes:
                self.modes.append(job['mode'])
            self.cells[row, job['mode']] = job

    @staticmethod
    def row_of(job, jobs):
        same = (j for j in jobs if j['xen'] != '-' and
                (j['kernel'], j['pages']) == (job['kernel'], job['pages']))
        j = job if job['xen'] != '-' else next(same, job)
        return j['kernel'], j['pages'], j['xen']

    def versions(self, row):
        """A row's head: what was asked for, as exactly as it is known."""
        kernel, pages, xen = row
        for mode in self.modes:
            job = self.cells.get((row, mode))
            result = job and self.flight.result(job)
            if result and result['verdict'] != 'skipped':
                kernel = result['version']['kernel'] or kernel
                if job['xen'] != '-':
                    xen = result['version']['xen'] or xen
        if row[0] == 'newest' != kernel:
            kernel = f'newest: {kernel}'
        if row[2] != xen and not xen.startswith(row[2]):
            xen = f'{row[2]}: {xen}'
        return kernel, pages, xen

    def lines(self, tell):
        """Rows of words; tell(job, result) makes a cell's."""
        yield ['kernel', 'pages', 'Xen', *self.modes]
        for row in self.rows:
            jobs = (self.cells.get((row, mode)) for mode in self.modes)
            yield [*self.versions(row),
                   *(tell(j, self.flight.result(j)) if j else '' for j in jobs)]


def counts(result):
    n = result['passed'], result['failed']
    if result['verdict'] == 'skipped':
        return 'skipped'
    if result['verdict'] == 'passed':
        return f'{n[0]}'
    return f'FAILED {n[1]} of {sum(n)}' if n[1] else 'FAILED'


def aligned(lines):
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    return widths, [' '.join(w.ljust(n) for w, n in zip(words, widths)).rstrip()
                    for words in lines]


def text(flight):
    def tell(_, result):
        return counts(result) if result else 'not run'
    return '\n'.join(aligned(Grid(flight, flight.head['jobs']).lines(tell))[1])


def rst(flight):
    def tell(_, result):
        return counts(result)
    widths, lines = aligned(Grid(flight, flight.head['jobs']).lines(tell))
    rule = ' '.join('=' * n for n in widths)
    head = flight.head
    out = [f'Flight of {head["began"][:10]}, commit ``{flight.commit()}``, on QEMU '
           f'{head["qemu"]}: checks that passed.', '',
           rule, lines[0], rule, *lines[1:], rule]
    for name, result in flight.results.items():
        if result['verdict'] == 'skipped':
            out += ['', f'``{name}`` was skipped: {result["why"]}.']
        elif result['version']['qemu'] != head['qemu']:
            out += ['', f'``{name}`` ran on QEMU {result["version"]["qemu"]}.']
    return '\n'.join(out)


STYLE = '''
body { font: 14px sans-serif; color: #222; margin: 2em; }
table { border-collapse: collapse; margin-bottom: 2em; }
th, td { border: 1px solid #ccc; padding: 3px 8px; text-align: left; white-space: nowrap; }
th { font-weight: 600; background: #f6f6f6; }
a { color: inherit; }
.passed { background: #c8ecc8; } .failed { background: #f5bcbc; font-weight: 600; }
.skipped { background: #dddddd; } .before { opacity: .55; }
'''


def tag(name, inside, **attributes):
    said = ''.join(f' {k.rstrip("_")}="{html.escape(str(v))}"'
                   for k, v in attributes.items() if v)
    return f'<{name}{said}>{inside}</{name}>'


def table_row(kind, cells):
    return tag('tr', ''.join(c if c.startswith('<t') else tag(kind, html.escape(c))
                             for c in cells))


def cell(flight, result, before=False):
    """before: the result is of an earlier flight than the one that is shown."""
    words = html.escape(counts(result))
    if result['log']:
        words = tag('a', words, href=f'{flight.number}/{result["log"]}')
    if before:
        words += html.escape(f' at {record.commit_of(result)}')
    title = f'{result["job"]}: {result["why"] or result["verdict"]}, ' \
            f'{result["seconds"]} s, flight {flight.number}'
    return tag('td', words, title=title,
               class_=result['verdict'] + (' before' if before else ''))


def jobs_of(flights):
    """Those of the last flight, and of the last one that had them all."""
    whole = [f for f in flights if not f.head['only']][-1:]
    return list({j['job']: j for f in [*whole, flights[-1]] for j in f.head['jobs']}.values())


def grid_html(flights):
    flight, older = flights[-1], flights[:-1]

    def tell(job, result):
        if result:
            return cell(flight, result)
        past = [(f, f.result(job)) for f in older if f.result(job)]
        return cell(*past[-1], before=True) if past else 'not run'
    lines = list(Grid(flight, jobs_of(flights)).lines(tell))
    return tag('table', '\n'.join([table_row('th', lines[0]),
                                   *(table_row('td', words) for words in lines[1:])]))


def history_html(flights):
    names = list(dict.fromkeys(j['job'] for f in reversed(flights) for j in f.head['jobs']))
    shown = flights[-FLIGHTS_SHOWN:]
    out = [table_row('th', ['job', *(f'{f.number}: {f.commit()}' for f in shown),
                            'fails since', 'passed before at'])]
    for name in names:
        good, bad = record.failing_since(record.history(flights, name))
        since = [record.commit_of(bad), record.commit_of(good) if good else 'never'] \
            if bad else ['', '']
        out.append(table_row('td', [
            name, *(cell(f, f.results[name]) if name in f.results else '' for f in shown),
            *since]))
    return tag('table', '\n'.join(out))


def summary(flight):
    state = '' if flight.ended else '; it has not come to its end'
    return f'{flight.count("passed")} jobs passed, {flight.count("failed")} failed, ' \
           f'{flight.count("skipped")} were skipped, of {len(flight.head["jobs"])}{state}'


def skips_html(flight):
    why = {}
    for r in flight.results.values():
        if r['verdict'] == 'skipped':
            why.setdefault(r['why'], []).append(r['job'])
    if not why:
        return ''
    return tag('p', 'Skipped:') + tag('ul', ''.join(
        tag('li', html.escape(f'{", ".join(names)}: {w}')) for w, names in why.items()))


def page(flights):
    last = flights[-1]
    head = f'Flight {last.number}, commit {last.commit()}, begun {last.head["began"]}, ' \
           f'QEMU {last.head["qemu"]}: {summary(last)}.'
    body = [tag('h1', 'swiotlb-arm: flights'), tag('p', html.escape(head)),
            grid_html(flights),
            tag('p', 'A number is of checks that passed. Pale cells are of earlier flights, '
                     'in which the job ran last.'),
            skips_html(last),
            tag('h2', 'Each job over the flights'), history_html(flights)]
    return '<!DOCTYPE html>\n' + tag(
        'html', '<head><meta charset="utf-8"/><title>swiotlb-arm: flights</title>'
        + tag('style', STYLE) + '</head>\n' + tag('body', '\n'.join(body)), lang='en') + '\n'


def write_page(base, flights):
    """A page that is open in a browser is never half of one."""
    path = os.path.join(base, 'index.html')
    with open(path + '.new', 'w', encoding='utf-8') as f:
        f.write(page(flights))
    os.replace(path + '.new', path)
    return path
