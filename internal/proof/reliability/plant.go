package reliability

import "slices"

// plant is a bug that a suite must find. It lives in a copy of the source that
// only the compiler sees (build.go): neither the tree nor what people are given
// has ever held it.
//
// See adr/0051.
type plant struct {
	short string // names its build
	name  string // what a program does that has it
	edits []edit
}

// files are where it is planted.
func (p *plant) files() (names []string) {
	for _, e := range p.edits {
		if !slices.Contains(names, e.file) {
			names = append(names, e.file)
		}
	}
	return names
}

var (
	ackBeforeCommit = plant{"ack", "acknowledges before it commits", []edit{{
		"internal/store/accept.go",
		"\tcase <-p.done:\n\t\treturn p.accepted, wrap(p.err, \"accept event\")\n",
		"\tdefault:\n\t\tc := sources.Begin(e)\n\t\treturn Accepted{Change: Change{Change: c, Key: c.Key()}, Created: true}, nil\n",
	}}}

	noEpochCheck = plant{"epoch", "asks nothing of the slot before it sends: no epoch, no newer change", []edit{
		{
			"rollback/permit.go",
			"\tvar refusals []Refusal\n",
			"\tvar refusals []Refusal\n\ts.Superseded, s.SuspendedBy, s.Epoch, o.SuspendedUntil = false, \"\", o.Epoch, time.Time{}\n",
		},
		{
			"internal/store/claim.go",
			"WHERE key = $1 AND state = $4 AND epoch = $5`+mayBeSent+` RETURNING claim`",
			"WHERE key = $1 AND state = $4 AND $5 = $5` + ` RETURNING claim`",
		},
	}}

	sendTwice = plant{"twice", "asks again a hook that must not be called twice", []edit{{
		"internal/engine/send.go", "if !known || !hook.Idempotent || ", "if !known || ",
	}}}

	unsynced = plant{"nosync", "does not sync", []edit{{
		"internal/store/sqlite.go", "synchronous(FULL)", "synchronous(OFF)",
	}}}

	sendBeforeIntent = plant{"nointent", "calls the hook before the order is written down", []edit{{
		"internal/engine/look.go",
		"\tmoved, order, created, err := k.Store.MoveWatch(ctx, old, next, effects)\n",
		`	if o := effects.Order; o != nil {
		s, failed := k.situation.Of(ctx, *o)
		if w, refusals := rollback.Permit(*o, s); failed == nil && len(refusals) == 0 {
			_, _ = k.Hooks[o.Hook].Do(ctx, w)
		}
	}
	moved, order, created, err := k.Store.MoveWatch(ctx, old, next, effects)
`,
	}}}

	forgetsOutcome = plant{"outcome", "does not try again to write an outcome down", []edit{{
		"internal/engine/send.go", "for err != nil && sleep(ctx, concludeRetry) {", "for err != nil && ctx.Err() != nil && sleep(ctx, concludeRetry) {",
	}}}

	blindIsBad = plant{"blind", "takes blind for bad", []edit{{
		"internal/engine/look.go",
		"\tk.Telemetry.judged(v)\n",
		"\tif v.Outcome == detector.Blind {\n\t\tv.Outcome, v.Grade, v.MayAct = detector.Regressed, detector.Certain, true\n\t}\n\tk.Telemetry.judged(v)\n",
	}}}

	oneHoldsAll = plant{"holds", "lets a store that hangs keep the others waiting", []edit{
		{"internal/engine/lookloop.go", "\tvar under sync.WaitGroup\n", "\tvar under sync.WaitGroup\n\tslots := make(chan struct{}, 16)\n"},
		{
			"internal/engine/lookloop.go",
			"under.Go(func() { k.looks.put(k.look(ctx, w)) })",
			"slots <- struct{}{}\n\t\t\tunder.Go(func() { k.looks.put(k.look(ctx, w)); <-slots })",
		},
	}}

	toldByWatch = plant{"watch", "tells of an outage once a watch", []edit{{
		"internal/outage/monitor.go",
		"return store.Messages(fmt.Sprintf(\"%s/%d\", thread, since.Unix()), ",
		"return store.Messages(fmt.Sprintf(\"%s/%d\", thread, now.UnixNano()), ",
	}}}
)

// plants are all of them.
var plants = []plant{ackBeforeCommit, noEpochCheck, sendTwice, unsynced, sendBeforeIntent, forgetsOutcome, blindIsBad, oneHoldsAll, toldByWatch}
