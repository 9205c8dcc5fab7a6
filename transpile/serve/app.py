"""The web application: the pages of the catalogue, and the page to try a rule."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transpile.catalog.collection import Broken, Sound
from transpile.catalog.page import Page, policy, render
from transpile.catalog.site import rule_context
from transpile.serve.live import LiveCatalogue
from transpile.serve.workbench import MAX_BYTES, Busy, TooSlow, Workbench

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_RULE_TYPES = ("application/yaml", "application/x-yaml")
"""types that no page of another origin may send unasked"""
_HEADERS = {
    "Content-Security-Policy": policy(live=True) + "; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def application(
    catalogue: LiveCatalogue, workbench: Workbench, hosts: Sequence[str] = LOOPBACK
) -> Starlette:
    """The application over a catalogue; `hosts` are the names that it answers to."""
    views = _Views(catalogue, workbench)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        workbench.close()

    return Starlette(
        routes=[
            Route("/api/explain", views.explain, methods=["POST"]),
            Route("/{path:path}", views.page, methods=["GET"]),
        ],
        middleware=[
            # A name that only resolves to this machine could let a foreign page read the rules.
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(_Headers),
        ],
        lifespan=lifespan,
    )


class _Headers:
    """Adds the headers that every answer has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)


class _Views:
    def __init__(self, catalogue: LiveCatalogue, workbench: Workbench) -> None:
        self._catalogue = catalogue
        self._workbench = workbench

    async def page(self, request: Request) -> Response:
        """A page or file of the site."""
        path = request.path_params["path"] or "index.html"
        try:
            return await run_in_threadpool(self._answer, path)
        except KeyError:
            return PlainTextResponse("there is no such page", 404)

    def _answer(self, path: str) -> Response:
        content = self._catalogue.site.content(path)
        if isinstance(content, Page):
            return Response(_encoded(render(content)), media_type="text/html")
        return Response(_encoded(content), media_type=mimetypes.guess_type(path)[0])

    async def explain(self, request: Request) -> Response:
        """What there is to say about the rules of a text, as a part of a page."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _RULE_TYPES:
            return PlainTextResponse(f"send a rule as {_RULE_TYPES[0]}", 415)
        try:
            text = (await _body(request)).decode("utf-8")
        except _TooLong:
            return PlainTextResponse(f"a rule may have {MAX_BYTES // 1024} KiB here", 413)
        except UnicodeDecodeError:
            return PlainTextResponse("the text is no UTF-8", 400)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            explained = await run_in_threadpool(self._workbench.explain, text)
        except TooSlow:
            return PlainTextResponse("this takes too long to explain", 422)
        except Busy:
            return PlainTextResponse("too many rules are being explained", 503)
        return await run_in_threadpool(self._tried, explained)

    def _tried(self, explained: Sequence[object]) -> Response:
        collection = self._catalogue.site.collection
        context = {
            "broken": [one for one in explained if isinstance(one, Broken)],
            "explained": [
                {
                    **rule_context(one.rule, one.downloads),
                    "counted": collection.counted(one.rule),
                }
                for one in explained
                if isinstance(one, Sound)
            ],
        }
        return Response(
            _encoded(render(Page("try", "tried.html", context))), media_type="text/html"
        )


class _TooLong(Exception):
    pass


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise _TooLong
    return body


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
