// Package audit writes and reads exported records: the journal's entries, one JSON
// object a line, and each profile that they name, once, before the first entry which
// names it. So an export has all that is needed to judge its verdicts again.
//
// Reading checks the chain of the entries' hashes, and every profile against its own.
//
// See adr/0041 and adr/0084.
package audit
