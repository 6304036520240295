"""Metadata: a project or a deployment as parts, their meaning, and what is wrong with them."""
