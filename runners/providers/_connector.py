"""Never reads a reply that was not asked for: an idle connection on which something arrived is not used again.

aiohttp (3.14) keeps bytes that arrive on an idle connection and hands them to the next request's parser, so that from
then on every reply on that connection would be kept under the request after its own. Only its private pool can be told
so; a test with a server that speaks unasked holds this to the aiohttp that is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import aiohttp
    import httpx2


def guarded(http: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The SDK's aiohttp client, with every pool that it will open guarded, those of proxies included."""
    for transport in (http._transport, *http._mounts.values()):  # pyright: ignore[reportPrivateUsage]
        if (make := getattr(transport, "get_client", None)) is not None:
            transport.get_client = lambda make=make: _guard(make())  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue, reportUnknownLambdaType]
    return http


def _guard(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    connector: Any = session.connector
    take = connector._get

    async def clean(key: Any, traces: Any) -> Any:
        while (found := await take(key, traces)) is not None:
            if not found.protocol.should_close:
                return found
            found.close()
        return None

    connector._get = clean
    return session
