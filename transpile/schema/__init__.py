"""Fields that the indices of a user's Elasticsearch really have: read once, kept in a file."""
