#!/bin/sh
# dpkg --purge removes what was stored and the token, too. Every other removal keeps them, and
# so does rpm always. The user stays, because files elsewhere may belong to it.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
if [ "$1" = purge ]; then
	rm -rf /var/lib/pushback /etc/pushback/token
fi
