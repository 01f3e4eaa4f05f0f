package server

import (
	"net/http"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/lastcheck"
)

// The groups of what Pushback talks to.
const (
	HookConnection     = "hooks"
	MetricsConnection  = "metrics"
	ReceiverConnection = "receivers"
	ReportConnection   = "reports"
)

// Connection is one hook, metric store, receiver or report, and how it did when it was last asked or used.
type Connection struct {
	Group, Name, Kind string
	lastcheck.Check
}

// connectionGroups are the sections of the page. What they say of when things are asked is true of the engine.
var connectionGroups = []web.ConnectionGroup{
	{ID: HookConnection, Name: "Hooks", About: "They roll back. Each is asked every ten minutes whether it could act, as far as can be known without acting."},
	{ID: MetricsConnection, Name: "Metric stores", About: "They are asked for their newest sample every thirty seconds, and by every look at a change."},
	{ID: ReceiverConnection, Name: "Receivers", About: "Whom Pushback tells. Only a message shows whether one works: pushback receivers test sends one."},
	{ID: ReportConnection, Name: "Reports and Grafana", About: "Where changes are shown in other tools. Each is known from the last report that it got."},
}

func (s *Server) connectionsPage(w http.ResponseWriter, r *http.Request) error {
	var all []Connection
	if s.Connects != nil {
		all = s.Connects()
	}
	var receivers []string
	for _, c := range all {
		if c.Group == ReceiverConnection {
			receivers = append(receivers, c.Name)
		}
	}
	sent, err := s.Store.LastSent(r.Context(), receivers)
	if err != nil {
		return s.storeProblem(err)
	}
	page := web.Connections{Frame: s.frame(r, "Hooks and stores")}
	for _, g := range connectionGroups {
		for _, c := range all {
			if c.Group != g.ID {
				continue
			}
			v := connectionView(c)
			// What was delivered before this process started, or by another replica, is a success as well.
			if last := sent[c.Name]; g.ID == ReceiverConnection && last.After(v.Good) {
				v.Good = last
			}
			g.Connections = append(g.Connections, v)
		}
		page.Groups = append(page.Groups, g)
	}
	return showLive(w, r, page, s.pages.Connections, s.pages.ConnectionsSince)
}

func connectionView(c Connection) web.Connection {
	v := web.Connection{Name: c.Name, Kind: c.Kind, At: c.At, Said: c.Said, Good: c.Good}
	switch c.State {
	case lastcheck.Works:
		v.State = "works"
	case lastcheck.Fails:
		v.State = "fails"
	case lastcheck.Unknown:
		v.State = "unknown"
	}
	return v
}
