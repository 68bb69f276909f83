"""Products, variants, prices, assortments and the search index."""
