# SPDX-License-Identifier: GPL-2.0-only
"""record: the flights that there were.

A flight is a directory, FLIGHTS/NUMBER, with a file 'record' and a directory of logs for
each job. The record has a line of JSON for each thing that happened, and is only ever
added to:

  a head   the commit, when it began, QEMU's version, and all jobs that are to run
  results  one for each job that ended, see scripts/flight
  an end   once all have

Whoever writes may be killed at any time, so a line that cannot be read is as one that
is not there: its job has not run.
"""
import json
import os


class Flight:
    def __init__(self, directory):
        self.directory = directory
        self.number = os.path.basename(directory)
        self.path = os.path.join(directory, 'record')
        self.head, self.results, self.ended = None, {}, False
        for entry in read(self.path):
            self.take(entry)

    def take(self, entry):
        if 'jobs' in entry:
            self.head = entry
        elif 'job' in entry:
            self.results[entry['job']] = entry
        elif 'end' in entry:
            self.ended = True

    def add(self, entry):
        """Once this returns the entry is on the disk."""
        line = json.dumps(entry).encode() + b'\n'
        # Half a line that was left behind is ended, and so is a line by itself.
        if torn(self.path):
            line = b'\n' + line
        with open(self.path, 'ab') as f:
            f.write(line)
            f.flush()
            os.fsync(f.fileno())
        self.take(entry)

    def result(self, job):
        return self.results.get(job['job'])

    def count(self, verdict):
        return sum(r['verdict'] == verdict for r in self.results.values())

    def commit(self):
        return commit_of(self.head)


def read(path):
    try:
        with open(path, 'rb') as f:
            lines = f.read().split(b'\n')
    except FileNotFoundError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def torn(path):
    try:
        with open(path, 'rb') as f:
            f.seek(-1, os.SEEK_END)
            return f.read() != b'\n'
    except OSError:
        return False


def commit_of(entry):
    return entry['commit'][:12] + ('-dirty' if entry['dirty'] else '')


def numbers(base):
    return sorted((n for n in os.listdir(base) if n.isdigit()), key=int)


def flights(base):
    """All that have a head, the oldest first."""
    found = (Flight(os.path.join(base, n)) for n in numbers(base))
    return [f for f in found if f.head]


def begin(base, head):
    number = max((int(n) for n in numbers(base)), default=0) + 1
    directory = os.path.join(base, f'{number:04}')
    os.mkdir(directory)
    flight = Flight(directory)
    flight.add(head)
    return flight


def history(all_flights, name):
    """The flights in which a job ran, and with what result; the oldest first."""
    return [(f, f.results[name]) for f in all_flights
            if name in f.results and f.results[name]['verdict'] != 'skipped']


def failing_since(past):
    """Of a history: the last result that passed, or None, and the first failure after
    it, or None."""
    good = bad = None
    for _, result in past:
        if result['verdict'] == 'passed':
            good, bad = result, None
        elif not bad:
            bad = result
    return good, bad
