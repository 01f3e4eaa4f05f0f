// Package survey finds out what a metric store has: for somebody who has no rules yet,
// and for somebody who wants to know which services the rules have data for.
//
//	Scan            the services, and the names of their metrics           scan.go
//	Configuration   a pushback.yml made from that                          files.go
//	Rules           a first rule file made from that                       files.go
//	Cover           which rules have data for a service, and why others do not   cover.go
//
// The table conventions lists the known names of metrics. The package only queries;
// it writes no file.
//
// See adr/0030.
package survey
