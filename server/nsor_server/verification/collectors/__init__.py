"""Spans that a collector keeps, read by the query API of Jaeger or of Tempo, for the comparison with entries."""
