// Package outage knows which metric stores cannot be read, and notifies people once an
// outage, however many watches it blinds.
//
// Looks report how a store answered them. Between looks the monitor asks every store
// itself, so that an outage is known before the next deploy. The journal keeps when an
// outage began, because an outage outlives a restart and is still notified once.
package outage
