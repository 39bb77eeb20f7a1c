"""A document as one HTML page that needs no other file."""

import base64
import html

from .document import WIDTH, Listing, Paragraph, Plot, Table
from .picture import picture

SHEET = """
body { max-width: 58rem; margin: 2.5rem auto 5rem; padding: 0 1.5rem; color: #222; background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 2rem; margin: 0; } h1 + p { color: #666; margin: 0 0 2rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .8rem; padding-bottom: .3rem; border-bottom: 1px solid #ddd; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; margin: .6rem 0 1.2rem; }
th, td { padding: .28rem 1.1rem .28rem 0; vertical-align: top; text-align: left; white-space: pre-line; }
th { font-weight: 600; border-bottom: 1px solid #bbb; vertical-align: bottom; }
td.number, th.number { text-align: right; padding: .28rem 0 .28rem 1.1rem; }
.table { overflow-x: auto; } .wide { font-size: .85rem; } .wide td:first-child { overflow-wrap: anywhere; }
.wide td.number, .wide th.number { padding-left: .7rem; }
td.inner { padding-left: 1.2rem; } .plain td:first-child { color: #666; }
tr + tr td { border-top: 1px solid #eee; }
img { display: block; margin: .8rem 0 1.4rem; height: auto; }
summary { cursor: pointer; margin: .4rem 0; }
pre { background: #f6f6f6; padding: .8rem 1rem; font-size: .85rem; line-height: 1.4; overflow-x: auto; }
@media print { body { margin: 0; max-width: none; } h2, img, table { break-inside: avoid; break-after: auto; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{sheet}</style>
</head>
<body>
{body}
</body>
</html>
"""


def html_page(document):
    """The page as bytes."""
    title = html.escape(document.title)
    body = [f"<h1>{title}</h1>\n<p>{html.escape(document.subtitle)}</p>"]
    for section in document.sections:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [_render(block) for block in section.blocks]
    return PAGE.format(title=title, sheet=SHEET, body="\n".join(body)).encode()


def _render(block):
    match block:
        case Paragraph():
            return f"<p>{html.escape(block.text)}</p>"
        case Listing():
            title, text = html.escape(block.title), html.escape(block.text)
            return f"<details><summary>{title}</summary><pre>{text}</pre></details>"
        case Table():
            return _render_table(block)
        case Plot():
            # In an image, the names of one drawing do not meet those of another.
            data = base64.b64encode(picture(block, "svg")).decode()
            width, text = 100 * block.size[0] / WIDTH, html.escape(block.description)
            return f'<img alt="{text}" style="width: {width:.1f}%" src="data:image/svg+xml;base64,{data}">'


def _render_table(table):
    def cells(row, tag):
        for column, text in enumerate(row):
            kind = " class=number" if column >= table.left else " class=inner" if text.startswith(" ") else ""
            yield f"<{tag}{kind}>{html.escape(text.strip())}</{tag}>"

    head = f"<thead><tr>{''.join(cells(table.header, 'th'))}</tr></thead>" if table.header else ""
    rows = "\n".join(f"<tr>{''.join(cells(row, 'td'))}</tr>" for row in table.rows)
    # Ten columns of numbers beside names of any length still fit the text.
    kind = " class=plain" if not table.header else " class=wide" if len(table.header) > 8 else ""
    return f'<div class=table><table{kind}>{head}<tbody>\n{rows}\n</tbody></table></div>'
