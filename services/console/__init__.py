"""The console: what the topics told, kept in the shape in which operations ask for it. It decides nothing."""
