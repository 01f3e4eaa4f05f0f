// Package gate answers deploy tools that ask before they deploy, and lets people close
// the gate (holds), open it again, clear a change that was marked bad, and declare
// incidents, which profiles are not learned from.
//
// See adr/0040.
package gate
