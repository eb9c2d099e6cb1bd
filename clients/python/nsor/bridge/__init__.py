"""The bridge: hears an agency's events, and posts each to the agency's own HTTPS endpoint.

It is for agencies that can't hold a stream. It runs at the agency, so that the register itself makes no outbound
connection. The extra `nsor[bridge]` brings its HTTP client.
"""
