//go:build integration

package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// command runs the built program beside the daemon, and returns what it wrote.
func (p *process) command(args ...string) (string, error) {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.CommandContext(p.t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "PUSHBACK_CONFIG="+filepath.Join(p.dir, "pushback.yml"))
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func (p *process) run(args ...string) string {
	p.t.Helper()
	output, err := p.command(args...)
	if err != nil {
		p.t.Fatalf("pushback %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return output
}

// stop ends the daemon as systemd does.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
	_ = p.log.Close()
}

const noStore = "metrics: {prod: {kind: prometheus, url: \"http://127.0.0.1:1\"}}\n"

// watching is a rule that notifies nobody.
const watching = `team: shop
rules: [{name: red, watch: {service: "*"}, signals: [{name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."'}]}]
`

// TestBackupUnderLoad makes a backup while hundreds of events are answered a second, and restores it
// on another machine's folder. Every event that was answered before it began must be there.
func TestBackupUnderLoad(t *testing.T) {
	p := serve(t, noStore, watching)
	var mu sync.Mutex
	var answered []string
	var workers sync.WaitGroup
	var stop atomic.Bool
	for w := range 8 {
		workers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				id := fmt.Sprint("e", w, ".", i)
				if s := p.event(id, nil); s/100 != 2 {
					t.Errorf("%s was answered with %d", id, s)
					return
				}
				mu.Lock()
				answered = append(answered, id)
				mu.Unlock()
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(answered) }
	began := time.Now()
	await(t, "1500 events", 60*time.Second, func() bool { return count() >= 1500 })
	rate := float64(count()) / time.Since(began).Seconds()
	mu.Lock()
	before := append([]string(nil), answered...)
	mu.Unlock()
	file := filepath.Join(p.dir, "backup.db")
	t.Logf("%.0f events a second; %s", rate, p.run("backup", file))
	stop.Store(true)
	workers.Wait()
	p.kill()

	other := serve(t, noStore, watching)
	if output, err := other.command("restore", file); err == nil || !strings.Contains(output, "in use by another process") {
		t.Errorf("restored while the daemon runs: %v\n%s", err, output)
	}
	other.stop()
	t.Log(other.run("restore", file))
	other.start()
	lost := 0
	for _, id := range before {
		var a api.Accepted
		if other.event(id, &a); !a.Duplicate {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d events that were answered 2xx before the backup began are not in it", lost, len(before))
	}
}

// event reports an event, and returns the status of the answer.
func (p *process) event(id string, a *api.Accepted) int {
	body, err := json.Marshal(sources.Event{
		EventID: id, ChangeID: id, Status: sources.Succeeded, At: time.Now().UTC().Add(-time.Hour), Service: "s" + id, Environment: "production", Kind: sources.Deploy, Version: "v1",
	})
	if err != nil {
		p.t.Error(err)
	}
	if a == nil {
		a = &api.Accepted{}
	}
	return p.request(http.MethodPost, "/v1/events", nil, body, a)
}

// TestRestoreRollsBackNothingTwice makes a backup while a rollback is decided and held by a newer
// change. Then it is sent. The restored database knows of neither, and must not send it again.
func TestRestoreRollsBackNothingTwice(t *testing.T) {
	t.Parallel()
	services := map[string]*target{"cart": newTarget(t)}
	store := metricStore(t, servertest.Prometheus, services["cart"])
	deployed := time.Now()
	services["cart"].fails.Store(bad)
	tool := newDeployTool(t, nil)
	p := serve(t, settings(store, tool, services), rule("again"))
	key := p.report("cart", "v2", sources.Succeeded, deployed)
	early := filepath.Join(p.dir, "early.db") // the change is known and watched, and has no order
	p.run("backup", early)
	p.reportAs("hold", "cart", "v2", sources.Started, time.Now())
	p.await(key, "a decision", 60*time.Second, ordered("decided"))
	late := filepath.Join(p.dir, "late.db")
	p.run("backup", late)
	p.reportAs("hold", "cart", "v2", sources.Failed, time.Now())
	p.await(key, "a rollback", 15*time.Second, ordered("done"))

	p.stop()
	if output := p.run("restore", late); !strings.Contains(output, "expired of cart v2") {
		t.Errorf("restore wrote\n%s", output)
	}
	p.start()
	p.reportAs("hold", "cart", "v2", sources.Failed, time.Now()) // the tool sends again what it got no answer for
	p.await(key, "the end of the order", time.Second, ordered("expired"))
	await(t, "the page", 10*time.Second, func() bool { return tool.messages("database was restored by") == 1 })

	p.stop()
	p.run("restore", early)
	p.start()
	p.reportAs("hold", "cart", "v2", sources.Failed, time.Now())
	p.await(key, "a question", 60*time.Second, ordered("proposed"))
	if n := tool.calls(key); n != 1 {
		t.Errorf("the hook was called %d times, want once", n)
	}
}
