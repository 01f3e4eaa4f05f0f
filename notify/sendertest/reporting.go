package sendertest

import (
	"context"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

// Report is an example that uses every field of a report: of a change that was rolled back and is well again.
func Report() notify.Report {
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return notify.Report{
		Key: "k3yk3yk3yk3yk3yk3yk3yk3yk3", Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v2",
		What: "deploy v2", StartedAt: began, EndedAt: began.Add(12 * time.Minute), Verdict: notify.Regressed,
		Rules: []notify.RuleReport{{
			Rule: "platform/red", Status: "regressed", Lines: []string{"errors 0.50 % → 3.10 % (+2.6 points; certain, p 0.0001)"},
		}},
		Order: notify.RolledBackOrder, Target: "v1", Action: "rolled back to v1", OrderAt: began.Add(5 * time.Minute), Recovered: true,
		Link: "https://pushback.example/changes/k3yk3yk3yk3yk3yk3yk3yk3yk3",
	}
}

// States are the example as a change goes through its life, with a name for each.
func States() (names []string, reports []notify.Report) {
	last := Report()
	add := func(name string, alter func(r *notify.Report)) {
		r := last
		r.Order, r.Target, r.Action, r.OrderAt, r.Recovered = "", "", "", time.Time{}, false
		alter(&r)
		names, reports = append(names, name), append(reports, r)
	}
	open := func(grade, status string) func(r *notify.Report) {
		return func(r *notify.Report) {
			r.Verdict, r.Grade, r.EndedAt = notify.Watching, grade, time.Time{}
			r.Rules = []notify.RuleReport{{Rule: "platform/red", Status: status}}
		}
	}
	add("watching", open("", "watching"))
	add("likely", open("likely", "likely"))
	for _, v := range []notify.Verdict{notify.Healthy, notify.Inconclusive, notify.Blind, notify.Superseded} {
		add(string(v), func(r *notify.Report) {
			r.Verdict, r.Rules = v, []notify.RuleReport{{Rule: "platform/red", Status: string(v)}}
		})
	}
	add("regressed", func(*notify.Report) {})
	add("refused", func(r *notify.Report) { r.Order, r.Target, r.Action = "refused", "v1", "not rolled back to v1" })
	add("rolled back", func(r *notify.Report) {
		r.Order, r.Target, r.Action, r.OrderAt = last.Order, last.Target, last.Action, last.OrderAt
	})
	return append(names, "well again"), append(reports, last)
}

// Reporting is a reporter as a Sender, for the contract suite: every text of a message becomes one of a report.
// alter names the change as the tool knows it, and remote is what the reporter remembers.
func Reporting(t testing.TB, r notify.Reporter, err error, remote string, alter func(*notify.Report)) notify.Sender {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return reporting{r, remote, alter}
}

type reporting struct {
	notify.Reporter
	remote string
	alter  func(*notify.Report)
}

// Send reports the message.
func (s reporting) Send(ctx context.Context, m notify.Message) error {
	r, facts := Report(), m.FieldValues()
	r.Link, r.Action, r.Picture, r.PictureDark = m.Link, m.Action, m.Link, m.Link
	for into, name := range map[*string]string{
		&r.Service: "service", &r.Environment: "environment", &r.Region: "region", &r.Version: "version", &r.What: "version", &r.Target: "target",
	} {
		*into = facts[name]
	}
	r.Rules = []notify.RuleReport{{Rule: facts["rule"], Status: "regressed", Lines: m.SignalLines}}
	s.alter(&r)
	_, err := s.Report(ctx, r, s.remote)
	return err
}
