# SPDX-License-Identifier: GPL-2.0-only
"""checks: how the reports count what was found as it should be, and tell what was not."""

passed = failed = 0


def check(what, ok, why=''):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f'FAILED: {what}' + (f' ({why})' if why else ''))


def sum_up():
    """The last line; tells whether anything failed."""
    print(f'{passed} passed, {failed} failed')
    return failed > 0
