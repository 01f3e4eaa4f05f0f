// Package shop is a small web shop to try Pushback on: an HTTP server with
// Prometheus metrics, simulated customers that send it real requests over loopback,
// and four releases.
//
//	v1  the version that is live at first
//	v2  a good release: like v1
//	v3  slightly worse: errors from 0.5 % to 2.5 %, which stays below the rule's limit
//	v4  broken: three requests in ten fail
//
// The version is switched while the shop runs, by its operators
// (POST /admin/version, from this host alone) or by Pushback's rollback hook
// (POST /admin/rollback, signed as Standard Webhooks does).
package shop
