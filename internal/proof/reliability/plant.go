package reliability

import "slices"

// plant is a bug that a suite must find. It exists only in a copy of the source that
// the compiler reads (build.go), never in the source tree or in a release.
//
// See adr/0051.
type plant struct {
	short string // names its build
	name  string // what a program with it does
	edits []edit
}

// files are the files in which it is planted.
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
		"\tdefault:\n\t\tc := sources.Begin(p.event)\n\t\treturn Accepted{Change: Change{Change: c, Key: c.Key()}, Created: true}, nil\n",
	}}}

	noEpochCheck = plant{"epoch", "checks neither the epoch nor a newer change before it sends", []edit{
		{
			"rollback/permit.go",
			"\tvar refusals []Refusal\n",
			"\tvar refusals []Refusal\n\ts.Superseded, s.SuspendedBy, s.Epoch, o.SuspendedUntil = false, \"\", o.Epoch, time.Time{}\n",
		},
		{
			"internal/store/claim.go",
			"WHERE key = $1 AND state = $4 AND epoch = $5 AND holder = $6`+mayBeSent+` RETURNING claim`",
			"WHERE key = $1 AND state = $4 AND $5 = $5 AND holder = $6` + ` RETURNING claim`",
		},
	}}

	sendTwice = plant{"twice", "calls a hook again that must not be called twice", []edit{{
		"internal/engine/send.go", "again := hook.Idempotent || unsent\n", "again := hook.Idempotent || unsent || o.Claim > 0\n",
	}}}

	oneSlotForFlags = plant{"slots", "takes what another flag was set to for a flag's own version", []edit{
		{"sources/change.go", "\tif kind != Deploy {\n\t\ts.Group = group\n", "\tif kind == \"\" {\n\t\ts.Group = group\n"},
		{"sources/change.go", "\treturn s.Group != \"\" || s.Kind != Flag && s.Kind != Experiment\n", "\treturn true\n"},
	}}

	retriesLate = plant{"late", "sends what came of an order before a message that has to be tried again", []edit{{
		"internal/engine/deliverorder.go", "if err != nil || earlier {", "if err != nil || earlier && o.Receiver == \"\" {",
	}}}

	unsynced = plant{"nosync", "does not sync", []edit{{
		"internal/store/sqlite.go", "synchronous(FULL)", "synchronous(OFF)",
	}}}

	sendBeforeIntent = plant{"nointent", "calls the hook before the order is stored", []edit{{
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

	neverTakesOver = plant{"takesover", "takes over no row of a dead replica", []edit{{
		"internal/store/lease.go",
		"(holder = $2 OR holder = '' OR leased_until <= CLOCK\n\t\tOR holder NOT IN (SELECT r.holder FROM replicas r WHERE r.leased_until > CLOCK))",
		"(holder = $2 OR holder = '')",
	}}}

	believesItsLease = plant{"believes", "does not ask before a call whether it was taken for dead", []edit{{
		"internal/replica/replica.go", "return l.keeper.now().Sub(l.taken) < fresh", "return true",
	}}}

	sendsWithoutLease = plant{"unleased", "sends messages that another replica sends", []edit{{
		"internal/store/lease.go",
		"WHERE id = $1 AND state IN ('pending', 'collecting', 'waiting', 'sent') AND `+leasable",
		"WHERE id = $1 AND state IN ('pending', 'collecting', 'waiting', 'sent')`",
	}, { // a message is held for some milliseconds; in some seconds, another replica surely comes by
		"internal/engine/deliver.go",
		"return d.recordDelivery(ctx, lease, o, d.attempt(ctx, o))",
		"err = d.attempt(ctx, o)\n\ttime.Sleep(3 * time.Second)\n\treturn d.recordDelivery(ctx, lease, o, err)",
	}, {
		"internal/engine/recover.go", "const sweepEvery = 10 * time.Second", "const sweepEvery = time.Second",
	}}}

	losesSilently = plant{"silent", "says nothing of a claim that it lost", []edit{{
		"internal/replica/replica.go", "\tl.keeper.log.Warn(\"lost the claim", "\tl.keeper.log.Debug(\"lost the claim",
	}}}

	keepsLocks = plant{"locks", "keeps its locks while it is frozen", []edit{{
		"internal/store/postgres.go", `config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(maxIdleTransaction.Milliseconds(), 10)`,
		`_ = strconv.FormatInt(maxIdleTransaction.Milliseconds(), 10)`,
	}}}

	forgetsOutcome = plant{"outcome", "does not try again to store an outcome", []edit{{
		"internal/engine/send.go", "for err != nil && pause.For(trying, concludeRetry) {", "for err != nil && ctx.Err() != nil && pause.For(trying, concludeRetry) {",
	}}}

	blindIsBad = plant{"blind", "takes blind for bad", []edit{{
		"internal/engine/look.go",
		"\tk.Telemetry.judged(v)\n",
		"\tif v.Outcome == detector.Blind {\n\t\tv.Outcome, v.Grade, v.MayAct = detector.Regressed, detector.Certain, true\n\t}\n\tk.Telemetry.judged(v)\n",
	}}}

	oneHoldsAll = plant{"holds", "lets a store that hangs delay the others", []edit{
		{"internal/engine/lookloop.go", "\tvar under sync.WaitGroup\n", "\tvar under sync.WaitGroup\n\tslots := make(chan struct{}, 16)\n"},
		{
			"internal/engine/lookloop.go",
			"under.Go(func() { k.looks.Put(k.look(ctx, w)) })",
			"slots <- struct{}{}\n\t\t\tunder.Go(func() { k.looks.Put(k.look(ctx, w)); <-slots })",
		},
	}}

	forgetsRollback = plant{"forgets", "does not know which version its own rollback put live", []edit{{
		"internal/situation/predecessor.go",
		"return o != nil && !o.TookPlaceAt().IsZero() && sentBefore(*o, c)",
		"return o != nil && o.State == \"\" && sentBefore(*o, c)",
	}}}

	// Without the second edit, the mark would be cleared by the recovery watch that found
	// the same outage.
	judgesEcho = plant{"echo", "marks a version bad by the echo of a rollback", []edit{
		{"internal/store/standing.go", "case w.State == watch.Regressed && w.Acts:", "case w.State == watch.Regressed:"},
		{"internal/store/clearing.go", "o.BaseAt.Equal(w.BaseAt) {", "o.BaseAt.After(w.BaseAt.AddDate(1, 0, 0)) {"},
	}}

	toldByWatch = plant{"watch", "notifies people of an outage once per watch", []edit{{
		"internal/outage/monitor.go",
		"return store.Messages(fmt.Sprintf(\"%s/%d\", thread, since.Unix()), ",
		"return store.Messages(fmt.Sprintf(\"%s/%d\", thread, now.UnixNano()), ",
	}}}
)

// plants are all planted bugs.
var plants = []plant{
	ackBeforeCommit, noEpochCheck, sendTwice, oneSlotForFlags, retriesLate, forgetsRollback, judgesEcho,
	neverTakesOver, believesItsLease, sendsWithoutLease, losesSilently, keepsLocks,
	unsynced, sendBeforeIntent, forgetsOutcome, blindIsBad, oneHoldsAll, toldByWatch,
}
