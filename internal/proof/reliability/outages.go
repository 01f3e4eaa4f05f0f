package reliability

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// control is the store that does not fail.
const control = "control"

const (
	outageEvery   = 5 * time.Second
	notifyLimit   = outageEvery + 60*time.Second // one look interval and a minute; as the next one, of a daemon that waits for no core
	rollbackLimit = 25 * time.Second             // for the one bad change that must be rolled back; failing stores must not delay it
	crowd         = 20                           // further watches of the store that hangs
)

// outageSuite makes every store except one fail. Each store has two watches: one that
// began before the outage ("well"), and one that began during it ("blind"). The services
// go bad with the outage, so that a daemon that trusts a failing store finds a regression.
type outageSuite struct {
	World
	binary string
	modes  []outageMode
	bake   time.Duration
	lasts  time.Duration // how long messages are collected at least

	began, over coreTime // what the daemon had of the cores when the outage began and when messages were collected
}

// storeResult is what happened with one store.
type storeResult struct {
	notified  []time.Duration // when people were notified, after the outage began
	rollbacks []time.Duration
	states    map[string]string // final state of each watch, by "well" or "blind"
}

func (s *outageSuite) stores() []string {
	names := []string{control}
	for _, m := range s.modes {
		names = append(names, m.name)
	}
	return names
}

func (s *outageSuite) run(ctx context.Context) (map[string]storeResult, []string, error) {
	o := newOutage(s.Shop, s.modes)
	p, err := o.listen(filepath.Join(s.Dir, s.Name+"-ca.pem"))
	if err != nil {
		return nil, nil, err
	}
	d, err := s.start(p)
	if err != nil {
		return nil, nil, err
	}
	defer d.kill()
	s.say("%d stores fail for %s", len(s.modes), s.lasts)
	keys, began, err := s.play(ctx, d, o, p)
	if err != nil {
		return nil, nil, err
	}
	return s.checkStores(ctx, d, began, keys)
}

// start starts a daemon with all stores, and a rule for each.
func (s *outageSuite) start(p ports) (*daemon, error) {
	stores, services, rules := "metrics:\n", "services:\n  default: {chat: chat}\n  list:\n", "team: shop\nrules:\n"
	for _, store := range s.stores() {
		stores += p.of(store)
		rules += rule(onceHook, "*-"+store+"-*", store, s.bake.String(), outageEvery.String())
		for _, which := range append(s.crowd(store), "well", "blind") {
			name := serviceOf(store, which)
			services += fmt.Sprintf("    - {name: %s, match: {service: %s}}\n", name, name)
		}
	}
	d, err := newDaemon(s.Name, filepath.Join(s.Dir, s.Name), s.binary, stores+s.outlets(s.Name)+services, rules)
	if err != nil {
		return nil, err
	}
	return d, d.start()
}

func serviceOf(store, which string) string { return "shop-" + store + "-" + which }

// crowd are the further services of a store.
func (s *outageSuite) crowd(store string) (names []string) {
	for n := range crowd {
		if store == "hang" {
			names = append(names, fmt.Sprint(n))
		}
	}
	return names
}

// play reports changes for every store before and during the outage. It returns the
// key of each service's change.
func (s *outageSuite) play(ctx context.Context, d *daemon, o *outage, p ports) (keys map[string]string, began time.Time, err error) {
	keys = map[string]string{}
	deploy := func(which string, more func(store string) []string) {
		for _, store := range s.stores() {
			for _, which := range append(more(store), which) {
				name := serviceOf(store, which)
				key, failed := deployed(ctx, d, name)
				keys[name], err = key, errors.Join(err, failed)
			}
		}
	}
	deploy("well", s.crowd)
	if err := errors.Join(err, s.looked(ctx, d, keys)); err != nil {
		return keys, began, err
	}
	s.began, began = d.coreTime(), o.begin(p)
	for _, m := range s.modes {
		s.Shop.setBad(serviceOf(m.name, "well"), began)
		s.Shop.setBad(serviceOf(m.name, "blind"), began)
	}
	s.Shop.setBad(serviceOf(control, "blind"), began) // the one change that must be rolled back
	deploy("blind", func(string) []string { return nil })
	pause(ctx, time.Until(began.Add(s.lasts)))
	s.awaitNotices(ctx, d, began)
	s.over = d.coreTime()
	s.say("a limit of 60s is %s for a daemon that had the cores as this one", s.over.stretched(time.Minute, s.began))
	return keys, began, err
}

// awaitNotices waits until people were told of every store that fails, as long as that may take.
func (s *outageSuite) awaitNotices(ctx context.Context, d *daemon, began time.Time) {
	if s.lasts < notifyLimit {
		return
	}
	limit := d.coreTime().stretched(notifyLimit, s.began)
	within(ctx, time.Until(began.Add(limit)), func() bool {
		heard, err := s.Receiver.received(s.Name)
		told := map[string]bool{}
		for _, c := range heard {
			if c.tellsOfOutage() {
				told[c.About] = true
			}
		}
		return err != nil || len(told) >= len(s.modes)
	})
}

// tellsOfOutage reports whether a message says that a store cannot be read.
func (c call) tellsOfOutage() bool {
	return strings.HasPrefix(c.About, "metrics/") && strings.Contains(c.Title, "cannot be read")
}

// looked waits until every watch has had a look. A store that fails before the first one was
// never seen to have anything: its watches end inconclusive, and there is no outage to notify
// people of.
func (s *outageSuite) looked(ctx context.Context, d *daemon, keys map[string]string) error {
	for service, key := range keys {
		had := within(ctx, s.bake/2, func() bool {
			var e api.Explanation
			_, err := d.ask(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e)
			return err == nil && len(e.Watches) == 1 && e.Watches[0].Last != nil
		})
		if !had {
			return fmt.Errorf("%s: no store was made to fail, because %s had no look within %s: the log in %s says why, or this machine is too slow", s.Name, service, s.bake/2, s.Dir)
		}
	}
	return nil
}

func deployed(ctx context.Context, d *daemon, service string) (key string, err error) {
	var a api.Accepted
	_, err = d.ask(ctx, http.MethodPost, "/v1/events", sources.Event{
		EventID: service, ChangeID: service, Status: sources.Succeeded, At: time.Now().UTC(),
		Service: service, Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1",
	}, &a)
	return a.Key, err
}

// checkStores reads the messages, the rollback requests and the final states.
func (s *outageSuite) checkStores(ctx context.Context, d *daemon, began time.Time, keys map[string]string) (map[string]storeResult, []string, error) {
	heard, err := s.Receiver.received(s.Name)
	if err != nil {
		return nil, nil, err
	}
	all, violations := map[string]storeResult{}, []string{}
	for _, store := range s.stores() {
		v := storeResult{states: map[string]string{}}
		for _, c := range heard {
			switch {
			case c.rollback() && strings.HasPrefix(c.Service, serviceOf(store, "")):
				v.rollbacks = append(v.rollbacks, c.At.Sub(began))
			case c.About == "metrics/"+store && c.tellsOfOutage():
				v.notified = append(v.notified, c.At.Sub(began))
			}
		}
		for _, which := range []string{"well", "blind"} {
			v.states[which] = s.ended(ctx, d, keys[serviceOf(store, which)])
		}
		all[store] = v
		violations = append(violations, s.checkStore(store, v)...)
	}
	return all, violations, nil
}

// ended waits for the end of a watch and returns its state.
func (s *outageSuite) ended(ctx context.Context, d *daemon, key string) (state string) {
	within(ctx, s.bake+30*time.Second, func() bool {
		var e api.Explanation
		if _, err := d.ask(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e); err != nil {
			state = err.Error()
			return d.died()
		}
		state = e.Change.State
		return finished(e)
	})
	return state
}

// checkStore compares one store with what is promised.
func (s *outageSuite) checkStore(store string, v storeResult) (violations []string) {
	f := func(broken bool, format string, args ...any) {
		if broken {
			violations = append(violations, store+": "+fmt.Sprintf(format, args...))
		}
	}
	rollbackWithin, notifyWithin := s.over.stretched(rollbackLimit, s.began), s.over.stretched(notifyLimit, s.began)
	if store == control {
		f(len(v.rollbacks) != 1, "the bad change of the store that did not fail was rolled back %d times, want once", len(v.rollbacks))
		f(len(v.rollbacks) > 0 && v.rollbacks[0] > rollbackWithin, "the bad change of the store that did not fail was rolled back after %s, not within %s", v.rollbacks, rollbackWithin)
		f(v.states["well"] != "healthy", "the good change of the store that did not fail ended %s", v.states["well"])
		f(len(v.notified) > 0, "people were notified of an outage, but the store did not fail")
		return violations
	}
	f(len(v.rollbacks) > 0, "%d rollbacks on a store that failed", len(v.rollbacks))
	for which, state := range v.states {
		f(state == "healthy" || state == "regressed", "the watch that began %s ended %s", which, state)
	}
	if s.lasts >= notifyLimit {
		f(len(v.notified) == 0, "nobody was notified within %s", max(s.lasts, notifyWithin))
		f(len(v.notified) > 0 && v.first() > notifyWithin, "people were notified after %s, not within %s", v.first(), notifyWithin)
	}
	f(len(v.notified) > 1, "people were notified %d times of one outage", len(v.notified))
	return violations
}

// first is when people were notified first; 0 if they were not.
func (v storeResult) first() time.Duration {
	if len(v.notified) == 0 {
		return 0
	}
	return v.notified[0].Round(100 * time.Millisecond)
}
