"""The OpenAPI document of all routes, generated from the code and template.yaml."""
