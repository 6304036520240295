#!/bin/bash
# mongod takes its key file only from its own user and closed to others; a mounted secret is neither.
set -euo pipefail
install -m 0400 /run/secrets/mongo.keyfile /run/mongo/keyfile
exec mongod --replSet rs0 --bind_ip_all --dbpath /data/db --keyFile /run/mongo/keyfile \
    --tlsMode requireTLS --tlsCertificateKeyFile /run/secrets/mongo.pem --tlsCAFile /run/secrets/ca.crt \
    --tlsAllowConnectionsWithoutCertificates --tlsDisabledProtocols TLS1_0,TLS1_1 \
    --setParameter transactionLifetimeLimitSeconds=5 "$@"
