"""What has been paid for is kept."""
