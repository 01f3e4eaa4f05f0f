// Package server serves HTTP: intake, API, pages, metrics and health. It knows the
// engine and the store by small interfaces only.
//
// Every request passes the same steps in the same order:
//
//	middleware   access log, security headers, bounded bodies, text, host and cross-origin checks, compression
//	admit        a bearer token, a signed-in browser, or whoever runs Pushback
//	handler      intake (raw bytes) | API (huma) | pages (html/template)
//
// huma generates the API from types. Intake is written by hand, because a source's
// signature covers the raw bytes and is checked before anything is parsed:
//
//	VerifyHeader → read ≤ 1 MiB → Verify → Parse → Admit, may it speak for this service? → Accept → 2xx
//
// A 2xx on an event means that it is on disk. Nothing of a refused delivery is
// stored, and nothing of it is logged but its source, its size and the reason.
//
// Who may do what:
//
//	change state   a bearer token of the token file, or a browser signed in with one
//	deliver        the signature of the source that the address names
//	read           as for changing; and whoever runs the server, on loopback and
//	               without a proxy (thishost.go)
//	/healthz       anybody
//	/readyz        anybody; the reasons only to those who may read
//
// On loopback the server answers only requests for a loopback name or the external
// URL's host, so that a page on the internet cannot reach it by pointing a name of
// its own to 127.0.0.1.
package server
