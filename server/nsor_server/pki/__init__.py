"""The register's certificate authority.

Root and issuing CA are made and kept offline; certificates are issued from requests, so that an agency's key
never comes here. What was issued and revoked is written to an index, which the register imports. Nothing here
serves calls.
"""
