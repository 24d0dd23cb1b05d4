"""Static files with a time for which a browser may keep them."""

from __future__ import annotations

import os

from starlette.responses import Response
from starlette.staticfiles import PathLike
from starlette.staticfiles import StaticFiles as PlainStaticFiles
from starlette.types import Scope

HOUR = "public, max-age=3600"
YEAR = "public, max-age=31536000, immutable"


class StaticFiles(PlainStaticFiles):
    """Files that a browser keeps for an hour, or for a year if their URL holds a version."""

    def file_response(
        self,
        full_path: PathLike,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file's answer with its Cache-Control."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = YEAR if scope.get("query_string") else HOUR
        return response
