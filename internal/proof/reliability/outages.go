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

// control is the store that stays well.
const control = "control"

const (
	outageEvery = 5 * time.Second
	toldWithin  = outageEvery + 60*time.Second // one interval and a minute
	backWithin  = 25 * time.Second             // for the change that must go back: nobody waits for stores that fail
	crowd       = 20                           // more watches of the store that hangs
)

// outageSuite has every store but one fail, and sees what is made of it. Each
// store has two watches: one that began while all was well, and one that began
// blind. The services go bad with the outage, so that whoever believes what a
// failing store says sees a regression.
type outageSuite struct {
	World
	binary string
	modes  []mode
	bake   time.Duration
	lasts  time.Duration // how long is watched for messages
}

// seen is what became of one store.
type seen struct {
	told      []time.Duration // when people were told, after the outage began
	rollbacks []time.Duration
	states    map[string]string // by change: how its watch ended
}

func (s *outageSuite) stores() []string {
	names := []string{control}
	for _, m := range s.modes {
		names = append(names, m.name)
	}
	return names
}

func (s *outageSuite) run(ctx context.Context) (map[string]seen, []string, error) {
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
	return s.judge(ctx, d, began, keys)
}

// start runs a daemon that knows every store, with a rule for each.
func (s *outageSuite) start(p ports) (*daemon, error) {
	stores, services, rules := "metrics:\n", "services:\n  list:\n", "team: shop\nrules:\n"
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

// play deploys to every store before the outage and after it began. It gives
// the key of each service's change.
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
	pause(ctx, outageEvery+2*time.Second) // a look each
	began = o.begin(p)
	for _, m := range s.modes {
		s.Shop.breaks(serviceOf(m.name, "well"), began)
		s.Shop.breaks(serviceOf(m.name, "blind"), began)
	}
	s.Shop.breaks(serviceOf(control, "blind"), began) // the one change that must go back
	deploy("blind", func(string) []string { return nil })
	pause(ctx, time.Until(began.Add(s.lasts)))
	return keys, began, err
}

func deployed(ctx context.Context, d *daemon, service string) (key string, err error) {
	var a api.Accepted
	_, err = d.ask(ctx, http.MethodPost, "/v1/events", sources.Event{
		EventID: service, ChangeID: service, Status: sources.Succeeded, At: time.Now().UTC(),
		Service: service, Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1",
	}, &a)
	return a.Key, err
}

// judge reads what everybody was told and asked, and how every watch ended.
func (s *outageSuite) judge(ctx context.Context, d *daemon, began time.Time, keys map[string]string) (map[string]seen, []string, error) {
	heard, err := s.Receiver.heard(s.Name)
	if err != nil {
		return nil, nil, err
	}
	all, violations := map[string]seen{}, []string{}
	for _, store := range s.stores() {
		v := seen{states: map[string]string{}}
		for _, c := range heard {
			switch {
			case c.rollback() && strings.HasPrefix(c.Service, serviceOf(store, "")):
				v.rollbacks = append(v.rollbacks, c.At.Sub(began))
			case c.About == "metrics/"+store && strings.Contains(c.Title, "cannot be read"):
				v.told = append(v.told, c.At.Sub(began))
			}
		}
		for _, which := range []string{"well", "blind"} {
			v.states[which] = s.ended(ctx, d, keys[serviceOf(store, which)])
		}
		all[store] = v
		violations = append(violations, s.weigh(store, v)...)
	}
	return all, violations, nil
}

// ended waits for the end of a watch and gives its state.
func (s *outageSuite) ended(ctx context.Context, d *daemon, key string) (state string) {
	within(ctx, s.bake+30*time.Second, func() bool {
		var e api.Explanation
		if _, err := d.ask(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e); err != nil {
			state = err.Error()
			return d.died()
		}
		state = e.Change.State
		return over(e)
	})
	return state
}

// weigh holds one store against what was promised.
func (s *outageSuite) weigh(store string, v seen) (violations []string) {
	f := func(broken bool, format string, args ...any) {
		if broken {
			violations = append(violations, store+": "+fmt.Sprintf(format, args...))
		}
	}
	if store == control {
		f(len(v.rollbacks) != 1, "the bad change of the store that was well was rolled back %d times, want once", len(v.rollbacks))
		f(len(v.rollbacks) > 0 && v.rollbacks[0] > backWithin, "the bad change of the store that was well was rolled back %s late, not within %s", v.rollbacks, backWithin)
		f(v.states["well"] != "healthy", "the good change of the store that was well ended %s", v.states["well"])
		f(len(v.told) > 0, "the store was well, and people were told that it was not")
		return violations
	}
	f(len(v.rollbacks) > 0, "%d rollbacks on a store that failed", len(v.rollbacks))
	for which, state := range v.states {
		f(state == "healthy" || state == "regressed", "the watch that began %s ended %s", which, state)
	}
	if s.lasts >= toldWithin {
		f(len(v.told) == 0, "nobody was told within %s", s.lasts)
		f(len(v.told) > 0 && v.first() > toldWithin, "people were told after %s, not within %s", v.first(), toldWithin)
	}
	f(len(v.told) > 1, "people were told %d times of one outage", len(v.told))
	return violations
}

// first is when people were told first; 0 where they were not.
func (v seen) first() time.Duration {
	if len(v.told) == 0 {
		return 0
	}
	return v.told[0].Round(100 * time.Millisecond)
}
