#!/bin/sh
# Runs `lf` with these arguments, and again whenever it ends; SIGTERM ends both.
role=
trap 'trap "" TERM; [ -z "$role" ] || { kill -TERM "$role"; wait "$role"; }; exit 0' TERM
while :; do
  lf "$@" &
  role=$!
  echo "$role" > /tmp/role.pid
  wait "$role"
  # A file that is half right ends at once; this is no reason to keep a core busy.
  sleep 1 &
  wait $!
done
