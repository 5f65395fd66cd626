"""One module per format of an export: what it writes it reads back to the same state."""
