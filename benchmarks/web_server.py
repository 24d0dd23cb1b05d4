"""The server that ``benchmarks.web`` measures: the real application, and a constant beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

CONSTANT_PATH = "/api/v1/benchmark/constant"
TORCH_PATH = "/api/v1/benchmark/torch"


async def constant(request: Request) -> Response:
    """Read and check a question, and answer always the same."""
    from app.api.routes.recommend import read_question

    read_question(await request.body())
    return Response(b'{"constant":true}', media_type="application/json")


async def torch_loaded(request: Request) -> Response:
    """Whether this process has loaded torch."""
    return Response(b"true" if "torch" in sys.modules else b"false", media_type="application/json")


def main() -> None:
    """Serve on a loopback port; arguments are the port and the data folder."""
    import uvicorn

    from app.settings import Settings
    from app.web import create_app

    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    app = create_app(Settings(data_dir=folder))
    app.add_api_route(CONSTANT_PATH, constant, methods=["POST"], response_model=None)
    # looked for as early as the endpoint that it is compared with
    app.router.routes.insert(0, app.router.routes.pop())
    app.add_api_route(TORCH_PATH, torch_loaded, methods=["GET"], response_model=None)
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
