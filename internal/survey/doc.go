// Package survey finds out what a metric store has: for somebody who has no rules yet,
// and for somebody who wants to know which services the rules have data for.
//
//	Scan            the services, and by what they are recognised          scan.go
//	Guess           what the metrics of another service look like          guess.go
//	Ambiguities     where two conventions fit, and a person must say which  choices.go
//	Configuration   a pushback.yml made from that                          files.go
//	Rules           a first rule file made from that                       files.go
//	Cover           which rules have data for a service, and why others do not   cover.go
//
// The known names of metrics are those of rules.Conventions. The package only queries;
// it writes no file.
//
// See adr/0030 and adr/0113.
package survey
