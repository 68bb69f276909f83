"""Opening, counting and approving stocktakes."""
