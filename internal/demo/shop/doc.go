// Package shop is a small web shop to try Pushback on: a real HTTP server,
// real Prometheus metrics, real customers (in one process, over loopback), and
// releases that behave as releases do.
//
//	v1  what has been live
//	v2  a good release: as v1
//	v3  slightly worse: errors from 0.5 % to 2.5 %, which no limit would notice
//	v4  broken: three requests in ten fail
//
// The version is switched while the shop runs, by its operators
// (POST /admin/version, from this host alone) or by Pushback's rollback hook
// (POST /admin/rollback, signed as Standard Webhooks does).
package shop
