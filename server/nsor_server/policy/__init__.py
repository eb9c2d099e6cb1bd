"""Law and working values as data: loaders and their TOML files. Whatever nobody could verify says so."""
