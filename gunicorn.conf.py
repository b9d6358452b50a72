"""What gunicorn reads by itself when it is started in this folder."""

# An LMS may begin a launch with a long address; gunicorn takes 4094 characters unless told otherwise.
limit_request_line = 8190
