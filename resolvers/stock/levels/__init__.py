"""Reading, locking and setting stock levels."""
