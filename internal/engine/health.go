package engine

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// storeHealth remembers since when each metric store has failed us. One
// outage is told once, however many watches it blinds.
type storeHealth struct {
	mu     sync.Mutex
	outage map[string]outage
	known  map[string]bool // stores that have answered since the start
	gauged map[string]bool // stores of which it is known how often they scrape
}

type outage struct {
	Since time.Time
	Fault string
	Looks bool // seen by looks, which ask for more than the standby does
}

// blindAfter is how long a store must fail before people hear of it: one
// time-out is weather.
const blindAfter = 30 * time.Second

func newStoreHealth() *storeHealth {
	return &storeHealth{outage: map[string]outage{}, known: map[string]bool{}, gauged: map[string]bool{}}
}

// failed notes that what a look asked at a moment was not answered.
func (h *storeHealth) failed(name string, err error, asked time.Time) { h.note(name, err, asked, true) }

// absent notes that not even the standby was answered.
func (h *storeHealth) absent(name string, err error, asked time.Time) {
	h.note(name, err, asked, false)
}

func (h *storeHealth) note(name string, err error, asked time.Time, look bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o, ok := h.outage[name]
	if !ok {
		o.Since = asked
	}
	o.Fault, o.Looks = err.Error(), o.Looks || look
	h.outage[name] = o
}

// looksFail says whether only a look can say that the store works again: it
// may well answer the standby's small question and none of ours.
func (h *storeHealth) looksFail(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.outage[name].Looks
}

// answered ends the outage. It says whether that is news: there was one, or
// nobody knows yet whether an earlier run of the engine left one open.
func (h *storeHealth) answered(name string) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, was := h.outage[name]
	news = was || !h.known[name]
	h.known[name] = true
	delete(h.outage, name)
	return news
}

// measured says whether it was found out how often a store scrapes.
func (h *storeHealth) measured(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gauged[name]
}

func (h *storeHealth) noteMeasured(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gauged[name] = true
}

// worst is the longest outage of the stores that these inputs come from; of
// any store, where the inputs are not known.
func (h *storeHealth) worst(ins []watch.Input) (name string, worst outage, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n, o := range h.outage {
		asked := len(ins) == 0 || slices.ContainsFunc(ins, func(in watch.Input) bool { return in.Store == n })
		if asked && (!ok || o.Since.Before(worst.Since)) {
			name, worst, ok = n, o, true
		}
	}
	return name, worst, ok
}

// blind says whether a store that these inputs come from has failed for long
// enough to tell people.
func (h *storeHealth) blind(ins []watch.Input, now time.Time) bool {
	_, o, ok := h.worst(ins)
	return ok && now.Sub(o.Since) >= blindAfter
}

// Problem is one reason for not being ready.
type Problem struct {
	Component string `json:"component"` // store, rules, jobs, metrics/<name>, hooks/<name>
	Detail    string `json:"detail"`
}

func (h *storeHealth) problems() []Problem {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ps []Problem
	for name, o := range h.outage {
		ps = append(ps, Problem{Component: "metrics/" + name, Detail: o.Fault})
	}
	slices.SortFunc(ps, func(a, b Problem) int { return strings.Compare(a.Component, b.Component) })
	return ps
}

// faultOf gives the kind of a store's failure. An error that is no Fault is a
// failure all the same.
func faultOf(err error) sources.FaultKind {
	var f *sources.Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return sources.SourceError
}
