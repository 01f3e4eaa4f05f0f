// Package probes asks what a customer would ask: does the page answer with the expected
// status and text, does the port take a connection, is the certificate valid? It writes
// success and duration into a metric store, so that a shop without metrics of its own has
// its deploys judged.
//
//	Settings   one entry of probes in pushback.yml
//	Prober     tries one target, and says how that went (Outcome)
//	Runner     runs all probes on their schedule, and records what they found
//	series     what a probe has counted, as samples of a store
//
// What could not be probed is a gap and no failure: nothing is recorded if this process was
// asleep or ran too late, if this host has no network, or if every network check failed, which are
// targets elsewhere that the operators named. A gap leaves a watch blind, and never makes a
// change bad.
//
// Only targets of pushback.yml are probed. Neither the API nor an event can start a probe or
// name a target. An answer is read up to MaxBody, its text is searched for and never stored, and
// a redirect is followed only to the same host or one that the operators named.
//
// See adr/0111.
package probes
