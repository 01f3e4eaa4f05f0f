package daemon

import (
	"github.com/pushback/pushback/internal/lastcheck"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/store"
)

// connections is everything that Pushback talks to, and how it did last. It asks nobody.
func (d *Daemon) connections() (all []server.Connection) {
	c, checks := d.config, d.engine.Checks()
	add := func(group, name, kind string, check lastcheck.Check) {
		all = append(all, server.Connection{Group: group, Name: name, Kind: kind, Check: check})
	}
	for _, name := range names(c.Hooks) {
		add(server.HookConnection, name, c.Hooks[name].Kind, checks.Hooks[name])
	}
	for _, name := range names(c.Metrics) {
		add(server.MetricsConnection, name, c.Metrics[name].Kind, checks.Metrics[name])
	}
	for _, name := range names(c.Receivers) {
		add(server.ReceiverConnection, name, c.Receivers[name].Kind, checks.Receivers[name])
	}
	for _, name := range names(c.Reports) {
		add(server.ReportConnection, name, c.Reports[name].Kind, checks.Reports[name])
	}
	if c.Grafana != nil {
		add(server.ReportConnection, "Grafana", "annotations", checks.Reports[store.Grafana])
	}
	return all
}
