"""One chart a file: frozen rows in, an Altair specification out, with its data inside and nothing to fetch."""
