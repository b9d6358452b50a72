"""What the server does, one module for each family of acts. Services flush; the edge commits."""

from __future__ import annotations
