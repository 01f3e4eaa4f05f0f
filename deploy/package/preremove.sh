#!/bin/sh
# Stops the daemon before its program is removed. An upgrade does not stop it: it is restarted
# when the new program is there. dpkg passes "remove" or "upgrade", rpm how many versions stay.
set -e
case "$1" in remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now pushback.service
	fi
	;;
esac
