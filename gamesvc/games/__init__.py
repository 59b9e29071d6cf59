"""Games that come with gamesvc."""
