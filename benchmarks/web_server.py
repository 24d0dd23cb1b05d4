"""The server that ``benchmarks.web`` measures: the real application, and a constant beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

CONSTANT_PATH = "/api/v1/benchmark-constant"


def main() -> None:
    """Serve on a loopback port: ``PORT DATA_DIR CACHE``."""
    import uvicorn

    from app.api.routes.recommend import read_question
    from app.settings import Settings
    from app.web import create_app

    port, folder, cache = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    app = create_app(Settings(data_dir=folder, recommend_cache=cache))

    async def constant(request: Request) -> Response:
        read_question(await request.body())
        return Response(b'{"constant":true}', media_type="application/json")

    app.add_api_route(CONSTANT_PATH, constant, methods=["POST"], response_model=None)

    async def state(request: Request) -> Response:
        loaded = "torch" in sys.modules
        return Response(b"true" if loaded else b"false", media_type="application/json")

    app.add_api_route("/api/v1/benchmark-torch", state, methods=["GET"], response_model=None)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
