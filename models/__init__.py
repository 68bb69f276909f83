"""The tables, their invariants and pure rules; nothing here knows use cases, GraphQL or the network."""
