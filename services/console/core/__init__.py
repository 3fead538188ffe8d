"""What the console knows, as values: stages, pages of rows, stories, figures. Pure."""
