"use strict";

// The example comes from the page, so that this file is the same for every schema.
const page = document.getElementById("graphiql");
const address = new URL(page.dataset.endpoint, window.location.href);
const socketAddress = new URL(address);
socketAddress.protocol = address.protocol === "https:" ? "wss:" : "ws:";

// Headers typed into the page travel in connection_init, since a browser sets none on a WebSocket.
const fetcher = GraphiQL.createFetcher({
  url: address.href,
  subscriptionUrl: socketAddress.href,
  enableIncrementalDelivery: false,
});

ReactDOM.createRoot(page).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: page.dataset.example,
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  }),
);
