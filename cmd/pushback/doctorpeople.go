package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/doctor"
	"github.com/pushback/pushback/internal/store"
)

// receivers says who is told nothing, and sends a test message where that is asked for.
func (x *examination) receivers(ctx context.Context) {
	named := slices.Sorted(maps.Keys(x.c.Receivers))
	found := doctor.Receivers(named, daemon.DigestReceivers(x.c), daemon.CatalogueConfig(x.c.Services).DefaultReceiver(), x.set, x.known, x.file())
	x.checks = append(x.checks, found...)
	for _, name := range named {
		if !x.command.SendTest {
			x.add(doctor.Receiving, "receivers."+name, doctor.NotChecked, "pushback doctor --send-test   # sends every receiver a message", "no message was sent")
			continue
		}
		x.sendTest(ctx, name)
	}
}

func (x *examination) sendTest(ctx context.Context, name string) {
	place := "receivers." + name
	sender, mistakes := daemon.Adapters().Sender(x.c, name)
	if len(mistakes) > 0 {
		x.add(doctor.Receiving, place, doctor.Fail, mending(mistakes[0]), "%s", mistakes[0].Message)
		return
	}
	m := testMessage(x.now, "pushback doctor --send-test")
	err := sender.Send(ctx, m)
	if err == nil { // a pager keeps a thread open until it ends
		m.Resolved = true
		err = sender.Send(ctx, m)
	}
	if err != nil {
		x.add(doctor.Receiving, place, doctor.Fail, "correct "+place+" in "+x.file(), "the test message could not be sent: %v", err)
		return
	}
	x.add(doctor.Receiving, place, doctor.OK, "", "it took a test message")
}

// sources says how changes come in, and when the last one did.
func (x *examination) sources(ctx context.Context) {
	if len(x.c.Sources) == 0 && x.c.TokenFile == "" {
		x.add(doctor.Sources, "", doctor.Fail, "token_file: token   # in "+x.file()+"; pushback rules init writes the file",
			"no deploy can be reported: there are neither sources nor a token_file")
		return
	}
	if x.store == nil {
		x.add(doctor.Sources, "", doctor.NotChecked, "", "whether changes come in: %s", x.noDatabase())
		return
	}
	report := "pushback deploy --service S --environment " + x.command.Environment + " --version V"
	if x.c.TokenFile != "" {
		report += " --token-file " + shown(x.c.TokenFile)
	}
	newest, err := x.store.Changes(ctx, store.ChangeFilter{Limit: mostRead})
	switch {
	case err != nil:
		x.add(doctor.Sources, "", doctor.NotChecked, "", "%v", err)
		return
	case len(newest) == 0:
		x.add(doctor.Sources, "", doctor.NotChecked, report, "no change was ever reported")
	default:
		c := newest[0]
		x.add(doctor.Sources, "", doctor.OK, "", "the newest change is %s %s in %s, at %s", c.Service, c.What(), c.Environment, c.StartedAt.Local().Format(time.DateTime))
	}
	x.unreported(newest)
}

// mostRead bounds how many changes are read to see which sources report.
const mostRead = 1000

// unreported names the sources of which no recent change is.
func (x *examination) unreported(newest []store.Change) {
	seen := map[string]bool{}
	for _, c := range newest {
		for _, w := range c.Witnesses {
			seen[w.Source] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.c.Sources)) {
		if !seen[name] {
			x.add(doctor.Sources, "sources."+name, doctor.NotChecked, "", "it calls Pushback and is never called; no change of it is among the newest")
		} else {
			x.add(doctor.Sources, "sources."+name, doctor.OK, "", "it has reported changes")
		}
	}
}
