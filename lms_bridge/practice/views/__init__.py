"""Routes of the practice LMS: those that tools call, and the pages that people see."""
