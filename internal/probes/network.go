package probes

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// askedKept is how long the answer of the network checks counts for further probes: many fail at
// once when the network does.
const askedKept = time.Second

// cutOff reports whether no network check answers. Without a network check it is false: nothing here
// could tell a broken network from a broken target, which customers see.
func (r *Runner) cutOff(ctx context.Context) bool {
	if len(r.checks) == 0 {
		return false
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	if time.Since(r.askedAt) > askedKept {
		r.networkOff = !r.anyAnswers(ctx)
		r.askedAt = time.Now()
	}
	return r.networkOff
}

// anyAnswers asks all network checks at once. Any connection shows that the network works.
func (r *Runner) anyAnswers(ctx context.Context) bool {
	var answers atomic.Bool
	var all sync.WaitGroup
	for _, check := range r.checks {
		all.Go(func() {
			if o := check.Try(ctx); o.Connected {
				answers.Store(true)
			}
		})
	}
	all.Wait()
	return answers.Load()
}

// mostTold is how many probes are named in one sentence.
const mostTold = 3

// Trouble says in words which targets cannot be probed, and whose certificates are about to
// end; "" if none. A target that fails is none: its service's changes are judged by it.
func (r *Runner) Trouble() string {
	var told []string
	now := time.Now()
	for _, p := range r.probes {
		if text := p.trouble(now); text != "" {
			told = append(told, text)
		}
	}
	if more := len(told) - mostTold; more > 0 {
		told = append(told[:mostTold], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(told, "; ")
}

// Failing returns how many of the probes failed when they were tried last.
func (r *Runner) Failing() (failing int) {
	for _, p := range r.probes {
		p.mu.Lock()
		if p.latest.Result != "" && !p.latest.OK() {
			failing++
		}
		p.mu.Unlock()
	}
	return failing
}

// Gaps returns how often a target could not be probed since this process began.
func (r *Runner) Gaps() (gaps uint64) {
	for _, p := range r.probes {
		p.mu.Lock()
		gaps += p.gaps
		p.mu.Unlock()
	}
	return gaps
}
