"""What is drawn over a frame: one annotator a layer, each of which can be switched off."""
