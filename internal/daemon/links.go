package daemon

import (
	"time"

	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/sources"
)

// siteOf is the address of the pages of a source's tool, "" for a tool that compares no commits.
func siteOf(settings any) string {
	if tool, ok := settings.(interface{ Site() string }); ok {
		return tool.Site()
	}
	return ""
}

// dashboard returns what links a change to its dashboard on Grafana; nil where pushback.yml names none.
func (d *Daemon) dashboard() server.DashboardURL {
	g, ok := d.built.Grafana.(interface {
		DashboardURL(c sources.Change, from, to time.Time) string
	})
	if !ok {
		return nil
	}
	return g.DashboardURL
}
