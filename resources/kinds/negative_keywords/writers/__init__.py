"""Writers, a module for each platform that has this kind."""
