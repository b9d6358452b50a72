"""Leadership reporting, a plugin of lms_bridge."""
