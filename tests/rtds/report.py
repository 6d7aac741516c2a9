#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""report DIRECTORY JSON TASK CONTROL RUN...: how long the periodic task took to answer.

DIRECTORY/RUN has what Dom0 reported and what Xen printed; TASK is PERIODS,LENGTH,FRAMES
of the task and PERIOD,BUDGET of Dom0's share, times in microseconds. No time is judged,
only that it was measured, and of what is said here. CONTROL is a run whose frames are
wrong, which has to be found out. The last line is 'N passed, M failed'.
"""
import json
import math
import os
import statistics
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../bench'))
from checks import check, sum_up  # noqa: E402

SCHEDULERS = {'rtds': 'SMP RTDS Scheduler (rtds)',
              'credit2': 'SMP Credit Scheduler rev2 (credit2)'}
CARDS = '0000:00:04.0', '0000:00:05.0'
USER, STEAL = 0, 7	# among what /proc/stat tells of a CPU


class Task:
    def __init__(self, words):
        (self.periods, self.length, self.frames,
         self.share_period, self.share_budget) = map(int, words.split(','))

    def most_without(self):
        """How long Dom0 may be without the CPU: it had its budget as early as it could
        in one period, and has it as late as it can in the next."""
        return 2 * (self.share_period - self.share_budget)


def lines_of(path):
    if not os.path.exists(path):
        return []
    return open(path, errors='replace').read().splitlines()


class Run:
    def __init__(self, directory, name):
        self.name, self.where = name, f'{directory}/{name}'
        self.side, self.sched, self.load, self.route = name.split('-')[:4]
        self.periods, self.said, self.ticks = [], [], {}
        self.devices, self.failures = {}, []
        for line in lines_of(f'{self.where}/report'):
            self.take(line.split())
        self.console = lines_of(f'{self.where}/console')

    def take(self, words):
        match words:
            case ['period', number, started, answered]:
                self.periods.append((int(number), int(started) / 1000, int(answered) / 1000))
            case ['ticks', when, *counts]:
                self.ticks[when] = [int(n) for n in counts]
            case ['devices', 'device', *columns]:
                self.columns = columns
            case ['devices', device, *counts]:
                self.devices[device] = dict(zip(self.columns, counts))
            case ['failed:', *why]:
                self.failures.append(' '.join(why))
            case _:
                self.said.append(' '.join(words))

    def number(self, what, missing):
        found = [line.split()[1] for line in self.said if line.startswith(f'{what} ')]
        return int(found[0]) if len(found) == 1 else missing

    def responses(self):
        return [answered for _, _, answered in self.periods]

    def spent(self, which):
        try:
            return self.ticks['after'][which] - self.ticks['before'][which]
        except (KeyError, IndexError):
            return None

    # What the kernel does that is measured

    def has_scheduler(self):
        said = f'Using scheduler: {SCHEDULERS[self.sched]}'
        return any(said in line for line in self.console)

    def has_share(self, task):
        if self.sched != 'rtds':
            return not any('Extratime' in line for line in self.said)
        share = f'share Domain-0 0 0 {task.share_period} {task.share_budget} no'
        return share in self.said

    def is_loaded(self):
        """A process of Dom0's and the other domain had the CPU most of the time, each
        their part of it; or nobody did but the task."""
        user, steal = self.spent(USER), self.spent(STEAL)
        if None in (user, steal):
            return False
        all_ticks = sum(self.ticks['after']) - sum(self.ticks['before'])
        if self.load == 'alone':
            return user + steal < all_ticks / 10
        return min(user, steal) > all_ticks / 10

    def counted(self, column):
        """... of the card that has least"""
        return min((int(self.devices.get(card, {}).get(column, 0)) for card in CARDS))

    def went(self, task):
        """Did the frames go by the route that the run has its name from?"""
        own_pool = self.number('swiotlb', -1)
        if self.side == 'peer':
            return not self.devices and (own_pool > 0) == (self.route == 'bounced') \
                and own_pool >= 0
        other = {'direct': 'bounced', 'bounced': 'direct'}[self.route]
        return own_pool == 0 and not self.counted_most(other) and \
            self.counted(self.route) >= task.periods * task.frames

    def counted_most(self, column):
        return max((int(self.devices.get(card, {}).get(column, 1)) for card in CARDS))


def verdicts(run, task):
    """(what, is it so) of all that has to be so if a run's times are to be believed"""
    yield 'came to its end', 'end' in run.said and not run.failures
    yield 'has all its periods', \
        [n for n, _, _ in run.periods] == list(range(task.periods))
    yield 'every byte was right', run.number('wrong', 1) == 0
    yield 'the kernel is not tainted', run.number('tainted', 1) == 0
    yield f"Xen's scheduler is {run.sched}", run.has_scheduler()
    yield "Dom0's share is as asked for", run.has_share(task)
    yield f'Dom0 was {run.load}', run.is_loaded()
    yield f'the frames went {run.route}, by {run.side}', run.went(task)


def judge(run, task):
    for what, ok in verdicts(run, task):
        check(f'{run.name}: {what}', ok, '; '.join(run.failures) or f'see {run.where}')


def judge_controls(directory, control, task):
    wrong = Run(directory, control)
    found = [what for what, ok in verdicts(wrong, task) if not ok]
    check('frames that are wrong are found, and nothing else is',
          found == ['every byte was right'] and
          wrong.number('wrong', 0) == task.periods - task.periods // 2,
          f'found: {found}, see {wrong.where}')
    found = [what for what, ok in verdicts(Run(f'{directory}/nothing', control), task) if ok]
    check('a run that says nothing fails each check', not found, f'passed: {found}')


def quantile(values, part):
    return sorted(values)[math.ceil(part * len(values)) - 1]


def allowed(run, runs, task):
    """What (budget, period) allow: the longest wait for the CPU, and the work. None where
    there is no such promise, or where the work is more than one budget holds."""
    alone = [r for r in runs if r.load == 'alone' and r.periods and
             (r.side, r.sched, r.route) == (run.side, run.sched, run.route)]
    if run.sched != 'rtds' or run.load == 'alone' or not alone:
        return None
    work = max(alone[0].responses())
    return task.most_without() + work if work <= task.share_budget else None


def row(run, runs, task):
    times = run.responses()
    return {'side': run.side, 'scheduler': run.sched, 'load': run.load, 'route': run.route,
            'periods': len(times), 'responses': times,
            'least': min(times), 'median': statistics.median_low(times),
            'most_99': quantile(times, 0.99), 'worst': max(times),
            'began_worst': max(started for _, started, _ in run.periods),
            'missed': sum(t > task.length for t in times),
            'allowed': allowed(run, runs, task), 'deadline': task.length}


COLUMNS = ('periods', 'least', 'median', 'most_99', 'worst', 'allowed', 'began_worst', 'missed')
HEADS = 'periods', 'least', 'median', '99 %', 'worst', 'allowed', 'began', 'missed'


def cell(x):
    return '-' if x is None else f'{round(x):,}'


def print_table(rows):
    print('\nFrom a release to the answer, microseconds; "began" is the longest that the '
          'task\nwaited for the CPU\n')
    line = '{:<34}' + '{:>9}' * len(HEADS)
    print(line.format('', *HEADS))
    for r in rows:
        name = f'{r["scheduler"]}, {r["load"]}, {r["route"]}, {r["side"]}'
        print(line.format(name, *(cell(r[c]) for c in COLUMNS)))


def print_bounce(rows, task):
    """A frame is mapped by the card that sends it and by the one that receives it."""
    print()
    found = {(r['scheduler'], r['side'], r['route']): r['median']
             for r in rows if r['load'] == 'alone'}
    for (sched, side, route), time in found.items():
        direct = found.get((sched, side, 'direct'))
        if route == 'bounced' and direct is not None:
            more = time - direct
            print(f'{sched}, alone, {side}: bouncing a burst takes {more:.1f} us more, '
                  f'{more * 1000 / task.frames / 2:.0f} ns a frame')


def print_promise(rows):
    found = [r for r in rows if r['allowed'] is not None]
    kept = [r for r in found if r['worst'] <= r['allowed']]
    if not found:
        return
    print(f'\n{len(kept)} of {len(found)} runs under load stay within what their share '
          'of the CPU allows')


def main(directory, to, words, control, *names):
    task = Task(words)
    runs = [Run(directory, name) for name in names]
    rows = [row(run, runs, task) for run in runs if run.periods]
    with open(to, 'w') as f:
        json.dump(rows, f)
    print_table(rows)
    print_bounce(rows, task)
    print_promise(rows)
    print()
    for run in runs:
        judge(run, task)
    judge_controls(directory, control, task)
    return sum_up()


sys.exit(main(*sys.argv[1:]))
