"""From a frame to upright face chips: landmarks, identity, alignment, quality."""

from realtime.face.finder import FaceConfig, FaceFinder, Landmarks

__all__ = ["FaceConfig", "FaceFinder", "Landmarks"]
