"""Development plans (IDP): proposed from gaps, written by their owners, approved by superiors, checked by analysts."""
