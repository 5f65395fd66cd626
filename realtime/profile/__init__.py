"""What calibration measures of a camera and of a person at rest, and the file that keeps it."""
