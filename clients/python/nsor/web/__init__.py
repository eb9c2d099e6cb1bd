"""Pages in a browser on the user's own machine: who may see them, how they look, how charts are drawn.

Both consoles are made of this: `nsor-server console` for who runs the register, `nsor console` for the Special
Committee and focal persons. What stands on a page is theirs; nothing here knows of the register.
"""
