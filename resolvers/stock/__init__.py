"""Use cases of stock: levels, holds, documents, costs, audits and lists."""
