#!/bin/sh
# Makes the user that the daemon runs as, before files are given to its group.
set -e
getent group pushback >/dev/null || groupadd --system pushback
getent passwd pushback >/dev/null || useradd --system --gid pushback --home-dir /var/lib/pushback --no-create-home \
	--shell /usr/sbin/nologin --comment "Pushback" pushback
