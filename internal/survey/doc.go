// Package survey looks at a metric store with the eyes of somebody who has no
// rules yet, or wonders what the rules they have can see.
//
//	Look      which services there are, and by which names their metrics go   look.go
//	Files     pushback.yml and a first rule file, made from that              files.go
//	Cover     which services the rules can see, and why not the others        cover.go
//
// What is known of names is one table, conventions. A survey only asks; it
// writes nothing and decides nothing for anybody.
package survey
