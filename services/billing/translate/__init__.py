"""Between the events that everyone understands and the values that billing decides with."""
