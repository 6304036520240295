#!/bin/sh
# One-shot initialisation: keys that are missing, the replica set, the topics. Safe to run again; never overwrites a key.
set -eu
cd /run/learnwire
make_key() { # name, bytes, how
    [ -s "$1" ] && return
    umask 077
    if [ "$3" = raw ]; then head -c "$2" /dev/urandom >"$1.new"; else head -c "$2" /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1.new"; fi
    mv "$1.new" "$1"
    echo "keys: made $1"
}
make_key pii.key 32 raw
make_key jwt.secret 32 hex
make_key salesforce.secret 32 hex
chown -R 10001:10001 /run/learnwire
chmod 500 /run/learnwire
python3 /init/mongo.py
learnwire topics apply
