"""What the reader sees: the frame, shared views, charts, maps, words, exports and the command line."""
