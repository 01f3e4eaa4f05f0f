package reliability

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// versionSuite deploys several bad versions of one service, one after the other. Each
// must be rolled back unasked to the one good version, by what our own rollbacks put live
// before, whether the deploy tool reports those or not, and whether they helped or not.
type versionSuite struct {
	World
	binary string
	daemon *daemon
	mu     sync.Mutex
	sent   int // events so far, each of which has a name of its own
}

// versionStory is how a deploy tool behaves, and what its rollbacks do.
type versionStory struct {
	name, what string
	reports    bool // the tool reports a rollback as a change of its own
	stale      bool // the tool names what it deployed last as the previous version
	useless    bool // the first rollback does not help, and the outage ends later by itself
}

var versionStories = []versionStory{
	{name: "silent", what: "does not report rollbacks"},
	{name: "stale", what: "does not know of rollbacks, and says so", stale: true},
	{name: "told", what: "reports rollbacks", reports: true},
	{name: "useless", what: "reports a rollback that does not help", reports: true, useless: true},
}

// badVersions is how many bad versions follow the good one.
const badVersions = 3

// storyLimit is how long one rollback, or the end of one watch, may take: some seconds on an
// idle machine, and minutes on one that is busy with the other suites.
const storyLimit = 4 * time.Minute

func (s *versionSuite) run(ctx context.Context) (Outcome, error) {
	if err := s.begin(ctx); err != nil {
		return Outcome{}, err
	}
	defer s.daemon.kill()
	o := Outcome{Head: []string{"the deploy tool", "rolled back", "to the good version"}}
	found := make([][]string, len(versionStories))
	var all sync.WaitGroup
	for i, story := range versionStories {
		all.Go(func() { found[i] = s.tell(ctx, story) })
	}
	all.Wait()
	for i, story := range versionStories {
		calls, err := s.callsOf(s.service(story))
		if err != nil {
			return o, err
		}
		good := 0
		for _, c := range calls {
			if to := targetOf(c); to == "v1" {
				good++
			} else {
				found[i] = append(found[i], fmt.Sprintf("%s %s was rolled back to %q, want v1", c.Service, c.Version, to))
			}
		}
		o.Rows = append(o.Rows, []string{story.what, fmt.Sprint(len(calls)), fmt.Sprint(good)})
		o.Violations = append(o.Violations, prefixed(s.Name, found[i])...)
	}
	return o, nil
}

// begin starts a daemon that may roll one service back several times in a row.
func (s *versionSuite) begin(ctx context.Context) (err error) {
	if s.daemon, err = s.World.daemon(s.Name, s.binary, len(versionStories)); err != nil {
		return err
	}
	path := filepath.Join(s.daemon.dir, "pushback.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text = []byte(strings.Replace(string(text), "guards: {", "guards: {rollbacks_per: 10s, ", 1))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	if err := s.daemon.start(); err != nil {
		return err
	}
	_, err = s.daemon.url(ctx)
	return err
}

func (s *versionSuite) service(story versionStory) string {
	for i, other := range versionStories {
		if other.name == story.name {
			return fmt.Sprintf("%s-%s-%d", onceHook, s.Name, i+1)
		}
	}
	panic("no such story: " + story.name)
}

// callsOf returns the rollback requests of a service.
func (s *versionSuite) callsOf(service string) (of []call, err error) {
	all, err := s.Receiver.callsOf(s.Name)
	for _, c := range all {
		if c.Service == service {
			of = append(of, c)
		}
	}
	return of, err
}

// targetOf is the version that a rollback request goes back to.
func targetOf(c call) string {
	var brief rollback.Brief
	_ = json.Unmarshal([]byte(c.Body), &brief) // a body that cannot be read names no version
	return brief.Target
}

// tell deploys v1, and then the bad versions one by one.
func (s *versionSuite) tell(ctx context.Context, story versionStory) (violations []string) {
	service := s.service(story)
	good := s.report(ctx, service, "v1", "", time.Now().Add(-changeAge))
	if !within(ctx, storyLimit, func() bool { return s.standing(ctx, good) == "good" }) {
		return []string{service + " v1 is good, and was not found so"}
	}
	previous := ""
	for n := range badVersions {
		version := fmt.Sprint("v", n+2)
		at := time.Now().Add(-changeAge)
		key := s.report(ctx, service, version, previous, at)
		s.Shop.setBad(service, at)
		if !within(ctx, storyLimit, func() bool { calls, err := s.callsOf(service); return err == nil && len(calls) > n }) {
			return append(violations, fmt.Sprintf("%s %s is bad, and was not rolled back: %s", service, version, s.order(ctx, key)))
		}
		if story.stale {
			previous = version
		}
		s.afterwards(ctx, story, service, key, n)
	}
	return violations
}

// afterwards is what follows a rollback until the next deploy, which must not be so soon
// that the guards ask a person.
func (s *versionSuite) afterwards(ctx context.Context, story versionStory, service, key string, n int) {
	helps := !story.useless || n > 0
	if helps {
		s.Shop.setGood(service, time.Now())
	}
	if story.reports {
		s.report(ctx, service, "v1", "", time.Now())
	}
	if !helps {
		within(ctx, storyLimit, func() bool { return s.standing(ctx, key) == "cleared" })
		pause(ctx, changeAge)
		s.Shop.setGood(service, time.Now())
	}
	pause(ctx, 2*changeAge)
}

// report sends the event of a change that has succeeded, and returns the change's key.
func (s *versionSuite) report(ctx context.Context, service, version, previous string, at time.Time) string {
	s.mu.Lock()
	s.sent++
	id := fmt.Sprintf("%s/%s/%d", service, version, s.sent)
	s.mu.Unlock()
	var a api.Accepted
	_, err := s.daemon.ask(ctx, http.MethodPost, "/v1/events", sources.Event{
		EventID: id, ChangeID: id, Status: sources.Succeeded, At: at.UTC(), Service: service, Environment: "production",
		Kind: sources.Deploy, Version: version, Previous: previous,
	}, &a)
	if err != nil {
		s.say("%s: %v", id, err)
	}
	return a.Key
}

// standing is what is known of the version of a change.
func (s *versionSuite) standing(ctx context.Context, key string) string {
	var e api.Explanation
	if _, err := s.daemon.ask(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e); err != nil {
		return err.Error()
	}
	return e.Change.Standing
}

// order says what became of the order of a change.
func (s *versionSuite) order(ctx context.Context, key string) string {
	var e api.Explanation
	if _, err := s.daemon.ask(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e); err != nil {
		return err.Error()
	}
	return describe(e)
}
