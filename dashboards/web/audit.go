package web

import (
	"io"
	"time"
)

// Audit is the page of the journal, newest first.
type Audit struct {
	Frame
	Filter    AuditFilter
	Actions   []Choice
	Chain     Chain
	Entries   []AuditEntry
	Older     string // address of the next page; "" on the last
	Newest    string // address of the first page; "" on it
	Export    string // address of the lines of this time; "" where the reader may not have them
	Narrowed  bool   // a filter beside the time is set, which the export does not have
	MayExport bool
}

// AuditFilter is what the page is narrowed to, as it was typed.
type AuditFilter struct{ Actor, Change, Service, Since, Until string }

// Chain is what the checks of the journal's chain found.
type Chain struct {
	Fault   string // "" while it is whole
	FaultAt time.Time
	NewAt   time.Time // when new entries were last checked; zero: never
	NewBy   string    // by which replica
	WholeAt time.Time
	WholeBy string
	First   int64 // the entries that the last check of everything has read
	Through int64 // up to which entry it is checked; 0 where there was none yet
	Newer   int64 // how many entries there are after that
	Hash    string
}

// AuditEntry is one entry of the journal in words.
type AuditEntry struct {
	Seq                           int64
	At                            time.Time
	Actor, Action, Words          string
	Change                        string // key; "" where it is about none, or the change is deleted
	Service, Environment, Version string
	Detail                        string // JSON; "" where there is none, or the reader may not see it
}

// Audit writes the page of the journal.
func (p *Pages) Audit(w io.Writer, a Audit) error { return p.write(w, "audit", &a.Frame, &a) }

// AuditSince returns what has changed of the page of the journal since a revision.
func (p *Pages) AuditSince(a Audit, revision string) (Update, error) {
	return p.sinceOf("audit", &a.Frame, &a, revision)
}

// Connections is the page of everything that Pushback talks to.
type Connections struct {
	Frame
	Groups []ConnectionGroup
}

// ConnectionGroup is what Pushback talks to for one purpose.
type ConnectionGroup struct {
	ID, Name, About string
	Connections     []Connection
}

// Connection is one hook, metric store, receiver, report or Grafana.
type Connection struct {
	Name, Kind string
	State      string // works, fails, or unknown
	At         time.Time
	Said       string // what it said, or why nobody knows
	Good       time.Time
}

// Badge is how the connection's state is shown. What was never asked does not read as if it worked.
func (c Connection) Badge() Badge {
	switch c.State {
	case "works":
		return Badge{"Works", "good", "check"}
	case "fails":
		return Badge{"Does not work", "bad", "down"}
	}
	return Badge{"Not known", "quiet", "none"}
}

// Connections writes the page of connections.
func (p *Pages) Connections(w io.Writer, c Connections) error {
	return p.write(w, "connections", &c.Frame, &c)
}

// ConnectionsSince returns what has changed of the page of connections since a revision.
func (p *Pages) ConnectionsSince(c Connections, revision string) (Update, error) {
	return p.sinceOf("connections", &c.Frame, &c, revision)
}
