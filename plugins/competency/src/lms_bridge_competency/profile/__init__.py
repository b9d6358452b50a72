"""The profile of one person: their newest result, the post that they aim at, and the rapor to take away."""
