// Usage: node clients.mjs URL
// Fails unless Apollo Client and urql, as they come, have their persisted queries answered by POST and GET,
// and by one request each once the server knows the document.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const url = process.argv[2];
if (!url) {
  console.error("Usage: node clients.mjs URL");
  process.exit(2);
}
const sha256 = async (text) => createHash("sha256").update(text).digest("hex");

/** A fetch that notes each request: its method, and whether the text of the document was in it. */
function noting(requests) {
  return async (address, options) => {
    const sent = options.method === "POST" ? options.body : new URL(address).search;
    requests.push(`${options.method ?? "GET"}${/"query":|[?&]query=/.test(sent) ? " with text" : ""}`);
    return fetch(address, options);
  };
}

// A new name each time, so that the server cannot know the document yet.
const document = () => `query Brands${randomUUID().replaceAll("-", "")} { brands { name } }`;

function apollo(byGet, requests) {
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: byGet });
  const http = new HttpLink({ uri: url, fetch: noting(requests) });
  const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([persisted, http]) });
  return async (text) => (await client.query({ query: gql(text), fetchPolicy: "no-cache" })).data;
}

function urql(byGet, requests) {
  const persisted = persistedExchange({ preferGetForPersistedQueries: byGet, generateHash: sha256 });
  const client = new Client({
    url,
    fetch: noting(requests),
    preferGetMethod: byGet,
    exchanges: [persisted, fetchExchange],
  });
  return async (text) => {
    const { data, error } = await client.query(text, {}, { requestPolicy: "network-only" });
    if (error) throw error;
    return data;
  };
}

for (const make of [apollo, urql]) {
  for (const byGet of [false, true]) {
    const requests = [];
    const text = document();
    const first = await make(byGet, requests)(text);
    const second = await make(byGet, requests)(text);
    assert.ok(Array.isArray(first.brands));
    assert.deepEqual(second, first);
    const named = byGet ? "GET" : "POST";
    const told = requests[1];
    assert.match(told, / with text$/);
    assert.deepEqual(requests, [named, told, named], make.name);
    console.log(`${make.name}: ${requests.join(", ")}`);
  }
}
