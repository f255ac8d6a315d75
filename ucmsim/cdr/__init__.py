"""`/cdrapi`: from a query to the bytes of a page. Pure, but for the search."""
