# Pinned versions of everything that the local profile installs. Sourced, not run.
OPENSEARCH_VERSION=3.8.0
NATS_SERVER_VERSION=2.14.9
JAVA_MIN=21
GO_MIN=1.21
NODE_MIN=20.12
MAVEN_DEPENDENCY_PLUGIN=3.6.1
