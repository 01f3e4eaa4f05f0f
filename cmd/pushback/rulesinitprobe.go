package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/sources"
)

// probeInitAnswer is what --json writes with --probe.
type probeInitAnswer struct {
	Files []string    `json:"files"`
	Probe probeAnswer `json:"probe"`
}

// initProbe writes files for a service without metrics. It tries the page first, because a
// page that fails already cannot be seen to get worse.
func (r rulesInitCommand) initProbe(ctx context.Context, out terminal) error {
	if r.Service == "" || sources.CheckName(r.Service) != nil {
		return usageError(errors.New("--probe needs --service, the name under which deploys of the page are reported\n  hint: --service shop"))
	}
	prober, err := probeCommand{Target: r.Probe}.prober()
	if err != nil {
		return err
	}
	if prober.Settings.Kind() != "http" {
		return usageError(errors.New("--probe is the URL of a page, https://shop.example/; ports and certificates can be added to pushback.yml"))
	}
	o := prober.Try(ctx)
	answer := probeInitAnswer{Probe: newProbeAnswer(prober.Settings, o, time.Now())}
	if !answer.Probe.OK {
		return fmt.Errorf("the page does not answer as a customer expects, and nothing was written: %s%s\n  hint: pushback probe %s shows more", o.Detail, o.Gap, prober.Settings.Target())
	}
	w := survey.Header{URL: r.Probe, Team: r.Team, Environment: r.Environment, At: time.Now()}
	if answer.Files, err = r.writeFiles(survey.ProbeConfiguration(w, r.Service), survey.ProbeRules(w)); err != nil {
		return err
	}
	if r.JSON {
		return out.printJSON(answer)
	}
	return r.printProbe(out, answer, prober.Settings)
}

func (r rulesInitCommand) printProbe(out terminal, a probeInitAnswer, s probes.Settings) error {
	if err := a.Probe.print(out); err != nil {
		return err
	}
	for _, file := range a.Files {
		fmt.Fprintf(out, "wrote %s\n", shown(file))
	}
	_, err := fmt.Fprintf(out, `%s  pushback serve                         # shows verdicts on http://127.0.0.1:8484
  pushback deploy --token-file token --service %s --environment %s --version V

A page that is down after a deploy is certain two minutes after its end, if the daemon has probed it for
three minutes before. One answer in five that fails takes about five minutes. Durations are judged after
six hours of history.
`, r.next(), r.Service, r.Environment)
	return err
}
