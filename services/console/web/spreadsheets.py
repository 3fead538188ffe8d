"""Tables as files: CSV, and XLSX as small as the standard allows: one sheet, texts in their cells, no styles."""

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from starlette.responses import Response

_RELATIONSHIPS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_PARTS: Final = {
    "[Content_Types].xml": f"""{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"
 ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml"
 ContentType="{_SHEET_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="{_SHEET_TYPE}.worksheet+xml"/></Types>""",
    "_rels/.rels": f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"
 Type="{_RELATIONSHIPS}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONSHIPS}"><sheets><sheet name="Figure"
 sheetId="1" r:id="rId1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"
 Type="{_RELATIONSHIPS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
}
# Spreadsheets run what begins so as a formula, whoever wrote it into the data.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(name: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Response:
    """Write a table as CSV (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows([headings, *([_harmless(value) for value in row] for row in rows)])
    return _file(f"{name}.csv", "text/csv; charset=utf-8", text.getvalue().encode())


def as_xlsx(name: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Response:
    """Write a table as a workbook."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in _PARTS.items():
            archive.writestr(path, text)
        archive.writestr("xl/worksheets/sheet1.xml", _sheet([headings, *rows]))
    return _file(f"{name}.xlsx", f"{_SHEET_TYPE}.sheet", content.getvalue())


def _sheet(rows: Sequence[Sequence[object]]) -> str:
    cells = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _file(name: str, kind: str, content: bytes) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
