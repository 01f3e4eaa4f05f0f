#!/bin/sh
# Gives the API a token and says what to do next. It starts nothing at the first installation,
# because the daemon does not know any metric store then. An upgrade restarts what runs.
# dpkg passes "configure" and the version that was there before, rpm how many versions there are.
set -e

upgraded() {
	[ "$1" = configure ] && [ -n "$2" ] || [ "$1" = 2 ]
}

token=/etc/pushback/token
if [ ! -e "$token" ]; then
	(umask 027 && head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$token" && echo >>"$token")
	chown root:pushback "$token"
	chmod 0640 "$token"
fi

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	if upgraded "$@"; then
		systemctl try-restart pushback.service
	fi
fi

if ! upgraded "$@"; then
	cat <<-'END'

	Pushback is installed and not started, because it does not know your metrics yet. As root:

	  pushback rules init --force --dir /etc/pushback --prometheus http://127.0.0.1:9090
	  runuser -u pushback -- pushback config check --online -c /etc/pushback/pushback.yml
	  systemctl enable --now pushback

	Or write /etc/pushback/pushback.yml by hand. The API's token is in /etc/pushback/token.

	END
fi
