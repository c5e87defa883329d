"""Uploads in more than one call: resumable ones on disk, presigned ones in a bucket."""
