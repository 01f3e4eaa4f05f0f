package daemon

import (
	"fmt"
	"log/slog"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/server/api"
)

// probers builds the probes of a configuration, and notes their mistakes.
func (b *builder) probers() (all []*probes.Prober) {
	for i, settings := range b.config.Probes {
		p, err := probes.New(settings)
		if err != nil {
			b.note(fmt.Sprintf("probes[%d]", i), err)
			continue
		}
		all = append(all, p)
	}
	return all
}

// Prober builds only the named probe of a configuration.
func (t Table) Prober(c config.Config, name string) (*probes.Prober, config.Diagnostics) {
	for i, settings := range c.Probes {
		if settings.Name != name {
			continue
		}
		p, err := probes.New(settings)
		if err != nil {
			return nil, c.Mistakes(fmt.Sprintf("probes[%d]", i), err)
		}
		return p, nil
	}
	return nil, nil
}

// newProbes returns what runs the probes; without probes it has nothing to do.
func newProbes(c config.Config, built Built, log *slog.Logger) (*probes.Runner, error) {
	if len(built.Probers) == 0 {
		return probes.NewRunner(nil, nil, log), nil
	}
	store, writes := built.Metrics[c.ProbeStore].(probes.Recorder)
	if !writes {
		return nil, fmt.Errorf("probes: the metric store %q cannot be written to", c.ProbeStore)
	}
	return probes.NewRunner(built.Probers, store, log.With("component", "probes")), nil
}

// countProbes serves how many probes fail, and how often one could not be tried.
func countProbes(set *vm.Set, r *probes.Runner) {
	set.NewGauge("pushback_probes_failing", func() float64 { return float64(r.Failing()) })
	set.NewGauge("pushback_probe_gaps_total", func() float64 { return float64(r.Gaps()) })
}

// unprobed says which targets cannot be probed.
func (d *Daemon) unprobed() []api.ComponentProblem {
	if text := d.probes.Trouble(); text != "" {
		return []api.ComponentProblem{{Component: "probes", Detail: text}}
	}
	return nil
}
