// Package tally counts what becomes of changes, by service and environment, for the four figures by which teams
// compare how they deliver (DORA): how often they change production, how many changes are bad, and how long a bad one
// stays. The fourth, the time from a commit to production, is not counted: no deploy tool tells when commits were made.
//
// A counter of Prometheus that appears with its first event is lost to increase(), which needs a value before it. So
// every series is there before anything can be counted into it: those whose labels the settings name from the
// start (Birth), those of a service from the moment that a watch of it begins.
//
// See adr/0136.
package tally
