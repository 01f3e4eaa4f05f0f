// Package server is the one port of Pushback: intake, API, pages, metrics and
// health, in front of an engine and a store it only knows by small interfaces.
//
// A request goes through the same doors in the same order:
//
//	guard     host check, cross-origin check, security headers, access log
//	admit     who may: a bearer token, a signed-in browser, or a reader on loopback
//	handler   intake (raw bytes) | API (huma) | pages (html/template)
//
// Intake is the one part that is not generated from types, because a source's
// signature covers raw bytes and has to be checked before anything is parsed:
//
//	read ≤ 1 MiB → Verify → Parse → may it speak for this service? → Accept → 2xx
//
// A 2xx on an event means that it is on disk. Nothing of a refused delivery is
// stored, and nothing of it is logged but its source, its size and the reason.
//
// Who may do what:
//
//	change state   a bearer token of the tokens file, or a browser signed in with one
//	deliver        the signature of the source the address names
//	read           as for changing, or anybody, where we listen on loopback, were
//	               asked by a loopback name, and no proxy stands between
//	/healthz       anybody
//	/readyz        anybody; the reasons only to those who may read
//
// A loopback listener answers to loopback names and the external URL's host
// alone, so that a page on the internet cannot reach it by pointing a name of
// its own at 127.0.0.1.
package server
