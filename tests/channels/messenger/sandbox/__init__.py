"""A page that looks like a Messenger thread, before a whole Myna: `myna messenger sandbox`."""
