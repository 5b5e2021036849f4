"""`--target minikube`: planned and judged without I/O, done by thin shells around two programs."""
