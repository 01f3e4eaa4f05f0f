package reporting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/jobs"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources/changes"
)

// giveUpAfter is how long a tool is told an answer that it does not take: GitHub fails the deployment then.
const giveUpAfter = 30 * 24 * time.Hour

// answerer returns the tool of a name, if it holds deployments back.
func (k *Keeper) answerer(name string) (notify.Answerer, bool) {
	a, is := k.Tools[name].Reporter.(notify.Answerer)
	return a, is
}

// Protect stores what the tool of a source holds back, and has it answered as soon as that can be decided. q has
// the catalogue's name of the service. A delivery that comes again changes nothing, and added is false; from a tool that
// takes another answer, it has what is answered decided anew, and added is true. Its errors are those of a
// changes.Source, or of the store.
func (k *Keeper) Protect(ctx context.Context, source string, q changes.Question) (p store.Protection, added bool, err error) {
	name, w, err := k.waits(source, q)
	if err != nil {
		return p, false, err
	}
	p = store.Protection{
		ID: store.ProtectionID(name, w), Adapter: name, AskedAt: k.Now(),
		Held: store.Held{Source: source, Service: q.Service, Environment: q.Environment, Version: q.Version, Wait: w},
	}
	if added, err = k.Store.AddProtection(ctx, p); err == nil && !added && w.Again {
		added, err = k.Store.ReopenProtection(ctx, p)
	}
	if err != nil {
		return p, false, err
	}
	if !added {
		p, err = k.Store.Protection(ctx, p.ID)
		return p, false, err
	}
	k.Log.Info("a tool holds back what waits for a verdict", "what", w.Held(), "report", name, "service", q.Service, "environment", q.Environment, "version", q.Version, "for", w.Environment, "until", p.Until())
	k.wait(p)
	k.EnqueueAnswer(p.ID)
	return p, true, nil
}

// waits finds the tool that answers a source, and what the deployment waits for.
func (k *Keeper) waits(source string, q changes.Question) (string, notify.Wait, error) {
	err := changes.Ignored("no report answers for this source: see protection in docs/reports.md. The tool goes on waiting")
	for _, name := range k.names() {
		a, is := k.answerer(name)
		if !is || !k.Tools[name].has(source) {
			continue
		}
		w, refused := a.Waits(q)
		if refused == nil {
			return name, w, nil
		}
		if !errors.Is(refused, changes.ErrIgnored) {
			return "", w, refused
		}
		err = refused
	}
	return "", notify.Wait{}, err
}

// version is what a held deployment waits for: changes of a service in any environment.
type version struct{ service, version string }

// wait remembers a deployment that waits, so that a change which moves need not ask the database.
func (k *Keeper) wait(p store.Protection) { k.waiting.Store(p.ID, version{p.Service, p.Version}) }

// moved has the deployments looked at that may wait for changes which have moved.
func (k *Keeper) moved(rows []store.Report) {
	moved := map[version]bool{}
	for _, r := range rows {
		moved[version{r.Content.Service, r.Content.Version}] = true
	}
	k.waiting.Range(func(id, of any) bool {
		if moved[of.(version)] {
			k.EnqueueAnswer(id.(string))
		}
		return true
	})
}

// Waiting has every deployment looked at that waits: each by ensure. It is for sweeps, which see what another
// replica has stored, changes that no report follows, and when a wait is over.
func (k *Keeper) Waiting(ctx context.Context, ensure func(id string)) error {
	open, err := k.Store.OpenProtections(ctx)
	if err != nil {
		return fmt.Errorf("reading held deployments: %w", err)
	}
	k.waiting.Clear()
	for _, p := range open {
		if _, known := k.answerer(p.Adapter); known {
			k.wait(p)
			ensure(p.ID)
		}
	}
	return nil
}

// AnswerJob decides on a held deployment once that can be done, and tells the tool. It runs in a job. The answer is
// stored before the tool is told: a crash between the two tells it the same again, which it refuses, or takes for the same.
func (k *Keeper) AnswerJob(ctx context.Context, id string) error {
	p, err := k.Store.Protection(ctx, id)
	if err != nil {
		return fmt.Errorf("reading the held deployment %s: %w", id, err)
	}
	tool, known := k.answerer(p.Adapter)
	if !known || !p.AnsweredAt.IsZero() {
		return nil
	}
	var changeKey string
	stored := p.Answer != nil
	if !stored {
		if p.Answer, changeKey, err = k.decide(ctx, p); err != nil {
			return err
		}
		if p.Answer == nil && p.Approved {
			p.Answer = withdrawal(p)
		}
		if p.Answer == nil {
			return nil
		}
	}
	lease, err := k.leaseProtection(ctx, id, postTimeout)
	if err != nil || lease == nil {
		return err
	}
	if !stored && !p.Answer.Pending {
		if ok, err := k.Store.DecideProtection(ctx, p, changeKey, k.Now()); err != nil || !ok {
			return err // another replica has decided: the next sweep reads how
		}
	}
	if still, err := lease.Still(ctx); err != nil || !still {
		return err
	}
	return k.tell(ctx, tool, lease, p)
}

func (k *Keeper) leaseProtection(ctx context.Context, id string, d time.Duration) (*replica.Lease, error) {
	return k.Replica.Take(ctx, "held deployment "+id, func(ctx context.Context) (bool, error) {
		return k.Store.LeaseProtection(ctx, id, d+leaseMargin)
	})
}

// withdrawal is the answer to a question that is not decided, where the tool may still show the approval of one before.
func withdrawal(p store.Protection) *notify.Answer {
	return &notify.Answer{Pending: true, Why: fmt.Sprintf("asked again: waits for a healthy verdict on %s %s in %s", p.Service, p.Version, p.Wait.Environment)}
}

// tell tells the tool the answer, and stores what came of it.
func (k *Keeper) tell(ctx context.Context, tool notify.Answerer, lease *replica.Lease, p store.Protection) error {
	// A stopping process lets the attempt finish: what was cut off may have arrived.
	ctx = context.WithoutCancel(ctx)
	attempt, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	failed := tool.Answer(attempt, p.Wait, *p.Answer)
	crashpoint.Reach(crashpoint.AfterAnswer)
	k.Count(p.Adapter, failed)
	over := failed == nil || errors.Is(failed, notify.ErrAnswered) || errors.Is(failed, notify.ErrPermanent) || k.Now().Sub(p.AskedAt) > giveUpAfter
	k.noteAnswer(p, failed, over)
	recorded, err := k.finish(ctx, p, failed, over)
	switch {
	case err != nil:
		return fmt.Errorf("recording the answer to the held deployment %s: %w", p.ID, err)
	case !recorded:
		return k.notRecorded(ctx, lease, p)
	case over:
		k.waiting.Delete(p.ID) // after a withdrawal, the next sweep remembers it again
		return nil
	}
	wait := waitAfter(failed, p.Attempts)
	if _, err := k.leaseProtection(ctx, p.ID, wait+postTimeout); err != nil { // so that no other replica tries meanwhile
		return err
	}
	return jobs.After(wait)
}

// finish stores the result of an attempt. Where the tool takes no answer any more, that is so for a withdrawal too.
func (k *Keeper) finish(ctx context.Context, p store.Protection, failed error, over bool) (recorded bool, err error) {
	problem, at := "", time.Time{}
	if failed != nil {
		problem = failed.Error()
	}
	if over {
		at = k.Now()
	}
	if p.Answer.Pending && failed == nil {
		return k.Store.WithdrawProtection(ctx, p)
	}
	return k.Store.FinishProtection(ctx, p, at, problem)
}

// notRecorded logs why nothing was stored of an attempt. Who has taken another question in looks at it.
func (k *Keeper) notRecorded(ctx context.Context, lease *replica.Lease, p store.Protection) error {
	now, err := k.Store.Protection(ctx, p.ID)
	if err != nil {
		return fmt.Errorf("reading the held deployment %s: %w", p.ID, err)
	}
	if now.AskedAt.Equal(p.AskedAt) {
		lease.Lost()
		return nil
	}
	k.Log.Info("a tool has asked again while it was answered; that is decided anew", "what", p.Wait.Held(), "report", p.Adapter, "service", p.Service, "environment", p.Environment, "version", p.Version)
	return nil
}

// noteAnswer logs what came of an attempt, and keeps a trouble for the status.
func (k *Keeper) noteAnswer(p store.Protection, failed error, over bool) {
	log := k.Log.With("what", p.Wait.Held(), "report", p.Adapter, "service", p.Service, "environment", p.Environment, "version", p.Version, "approved", p.Answer.Approved, "why", p.Answer.Why)
	key := p.Adapter + "/protection"
	if failed == nil || errors.Is(failed, notify.ErrAnswered) {
		k.troubles.Delete(key)
	} else {
		k.troubles.Store(key, failed.Error())
	}
	switch {
	case failed == nil:
		log.Info("answered a tool that holds something back")
	case errors.Is(failed, notify.ErrAnswered):
		log.Info("a tool takes no answer any more for what it held back", "error", failed)
	case over:
		log.Warn("cannot answer a tool that holds something back; giving it up, and people have to decide at the tool", "error", failed)
	default:
		log.Warn("cannot answer a tool that holds something back; it is tried again", "error", failed)
	}
}
