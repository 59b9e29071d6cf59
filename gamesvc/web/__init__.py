"""HTTP beside the games, on the same port: the lobby, the playground, and how the server does."""
