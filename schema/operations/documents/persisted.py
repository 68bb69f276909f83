"""From what a request names to the text of its document: automatic persisted queries, trusted documents.

Source: Apollo, Automatic Persisted Queries; GraphQL over HTTP, appendix "Persisted documents".
"""

from __future__ import annotations

from hashlib import sha256

from graphql import GraphQLError

from gateways.persisted_queries import PersistedQueries
from schema.cost.callers import client_of
from schema.operations.documents.documents import DocumentRefused
from schema.operations.documents.trusted import TrustedDocuments
from schema.operations.request import GraphQLRequest

LONGEST_HASH = 256  # a trusted document may have any ID in place of its hash


class DocumentNotFound(DocumentRefused):
    """The client may send the text instead: Apollo's clients know by the message and code."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__([GraphQLError(message, extensions={"code": code})])


def not_found() -> DocumentNotFound:
    return DocumentNotFound("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")


def not_supported() -> DocumentNotFound:
    return DocumentNotFound("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")


class PersistedDocuments:
    """`queries`: where automatic persisted queries are kept, None to have none; `trusted_only`: no other
    document than a trusted one is answered, and none is kept.
    """

    def __init__(
        self,
        queries: PersistedQueries | None = None,
        trusted: TrustedDocuments | None = None,
        *,
        trusted_only: bool = False,
    ) -> None:
        self.trusted = trusted or TrustedDocuments()
        self.trusted_only = trusted_only
        self._queries = None if trusted_only else queries

    async def text_of(self, asked: GraphQLRequest) -> str:
        """Raises: DocumentRefused."""
        text = asked.query
        if text is None:
            return await self._named(asked)
        if self.trusted_only and text not in self.trusted.texts:
            raise _refused("Only documents that this server was given beforehand are answered.")
        sha256_hash = hash_in(asked.extensions)
        if sha256_hash and sha256(text.encode()).hexdigest() != sha256_hash:
            raise _refused("provided sha does not match query")
        return text

    async def keep(self, asked: GraphQLRequest, address: str) -> None:
        """Keep the text of a request whose document has been found valid, if it comes with its hash.

        `address`: where the request comes from, which has a share of the room.
        """
        if asked.query and self._queries and (sha256_hash := hash_in(asked.extensions)):
            await self._queries.put(sha256_hash, asked.query, client_of(address))

    async def _named(self, asked: GraphQLRequest) -> str:
        if asked.document_id is not None:
            if text := self.trusted.find(asked.document_id):
                return text
            raise not_found()
        sha256_hash = hash_in(asked.extensions) or ""
        if text := self.trusted.find(sha256_hash):
            return text
        if self._queries is None:
            raise not_supported()
        if text := await self._queries.get(sha256_hash):
            return text
        raise not_found()


def hash_in(extensions: dict[str, object] | None) -> str | None:
    """The hash in `persistedQuery`, where there is one. Raises: DocumentRefused."""
    persisted = extensions and extensions.get("persistedQuery")
    if not persisted:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise _refused("Unsupported persisted query version")
    sha256_hash = persisted.get("sha256Hash")
    if not isinstance(sha256_hash, str) or not 0 < len(sha256_hash) <= LONGEST_HASH:
        raise _refused("persistedQuery.sha256Hash must be the SHA-256 of the document.")
    return sha256_hash


def _refused(message: str) -> DocumentRefused:
    return DocumentRefused([GraphQLError(message)])
