"""Files as answers: saved by the browser, never shown inside the page's origin."""

from __future__ import annotations

import os
from typing import IO

from flask import Response, request
from werkzeug.wsgi import wrap_file

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(file: IO[bytes], *, name: str, mimetype: str) -> Response:
    """Answer with an open file, from its beginning; it is closed when the answer has left."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    answer = Response(wrap_file(request.environ, file), mimetype=mimetype, direct_passthrough=True)
    answer.content_length = size
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
