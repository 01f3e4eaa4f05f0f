//go:build integration

package main_test

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// kill runs kill -9 before and after a hook is called.
func kill(t *testing.T) {
	services := map[string]*target{"cart": newTarget(t)}
	store := metricStore(t, servertest.Prometheus, services["cart"])
	deployed := time.Now()
	services["cart"].fails.Store(bad)
	together(t,
		part{"while a hook runs that must not run twice", func(t *testing.T) { killedInHook(t, store, services, deployed, "once", "unknown", 1) }},
		part{"while a hook runs that may run twice", func(t *testing.T) { killedInHook(t, store, services, deployed, "again", "done", 2) }},
		part{"between verdict and hook", func(t *testing.T) { killedBeforeHook(t, store, services, deployed) }},
	)
}

func killedInHook(t *testing.T, store *servertest.Store, services map[string]*target, deployed time.Time, hook, want string, calls int) {
	release, reached := make(chan struct{}), make(chan struct{}, 10)
	tool := newDeployTool(t, func(call int) {
		reached <- struct{}{}
		if call == 1 {
			<-release
		}
	})
	t.Cleanup(func() { close(release) })
	p := serve(t, settings(store, tool, services), rule(hook))
	key := p.report("cart", "v2", sources.Succeeded, deployed)
	select {
	case <-reached:
	case <-time.After(slack * 60 * time.Second):
		t.Fatal("the hook was not called")
	}
	p.kill()
	p.start()
	p.await(key, "the end of the order", 15*time.Second, ordered(want))
	if n := tool.calls(key); n != calls {
		t.Errorf("the hook was called %d times, want %d", n, calls)
	}
	if calls == 2 && tool.bodies[0] != tool.bodies[1] {
		t.Errorf("asked again with another body:\n%s\n%s", tool.bodies[0], tool.bodies[1])
	}
	outcome := map[string]string{"unknown": "OUTCOME UNKNOWN", "done": "rolled back to v1"}[want]
	await(t, "a message of the outcome", 10*time.Second, func() bool { return tool.messages(outcome) == 1 })
}

// killedBeforeHook lets a newer change suspend the decided order, so that there is
// time to kill the daemon between the verdict and the hook. The newer change has the
// same version, because a different version would make it a suspect.
func killedBeforeHook(t *testing.T, store *servertest.Store, services map[string]*target, deployed time.Time) {
	tool := newDeployTool(t, nil)
	p := serve(t, settings(store, tool, services), rule("once"))
	key := p.report("cart", "v2", sources.Succeeded, deployed)
	p.reportAs("again", "cart", "v2", sources.Started, time.Now())
	p.await(key, "a decision", 60*time.Second, ordered("decided"))
	p.kill()
	p.start()
	p.reportAs("again", "cart", "v2", sources.Failed, time.Now())
	p.await(key, "a rollback", 15*time.Second, ordered("done"))
	p.kill()
	p.start()
	p.await(key, "the watch of the rollback", 15*time.Second, func(e api.Explanation) bool { return len(e.Watches) == 2 })
	if n := tool.calls(key); n != 1 {
		t.Errorf("the hook was called %d times", n)
	}
}
