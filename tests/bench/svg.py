# SPDX-License-Identifier: GPL-2.0-only
"""svg: what the charts are drawn with."""

PEER, OURS, LIMIT, GRID, TEXT, FAINT = (
    '#b4531a', '#1a66b4', '#444444', '#e4e4e4', '#222222', '#777777')


def head(width, height):
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           f'width="{width}" height="{height}" font-family="sans-serif">')
    yield f'<rect width="{width}" height="{height}" fill="white"/>'


def text(x, y, s, size=11, anchor='start', colour=TEXT, extra=''):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" '
            f'text-anchor="{anchor}" fill="{colour}" {extra}>{s}</text>')


def line(x1, y1, x2, y2, colour, width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"/>')


def dot(x, y, colour):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
