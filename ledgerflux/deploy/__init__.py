"""The same roles elsewhere: Docker compose and Kubernetes, planned, rendered, checked, applied."""
