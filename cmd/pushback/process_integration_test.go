//go:build integration

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// binary builds the program once, as `make build` does. The tests run it as a separate
// process, as people do, so that it can be killed.
var binary = sync.OnceValues(func() (string, error) { return build("pushback-under-test") })

// withCrashPoints builds the program that can be told to crash, once.
var withCrashPoints = sync.OnceValues(func() (string, error) { return build("pushback-crashpoints", "-tags", "crashpoints") })

func build(name string, flags ...string) (string, error) {
	path, err := filepath.Abs("../../bin/" + name)
	if err != nil {
		return "", err
	}
	command := exec.Command("go", slices.Concat([]string{"build", "-trimpath", "-o", path}, flags, []string{"."})...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, output)
	}
	return path, nil
}

const (
	apiToken = "correct-horse-battery-staple"
	secret   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// process is `pushback serve` with its folder. start starts it, kill runs kill -9, and
// the folder stays.
type process struct {
	t     *testing.T
	dir   string
	url   string
	cmd   *exec.Cmd
	log   *os.File
	ended chan struct{}

	binary string   // "": as `make build` builds it
	env    []string // nil: our own
}

// serve writes the folder and starts the daemon. settings is pushback.yml without the
// keys that every test has.
func serve(t *testing.T, settings, rules string) *process {
	t.Helper()
	p := &process{t: t, dir: t.TempDir()}
	return p.begin(settings, rules)
}

// begin is serve in a folder that has files already.
func (p *process) begin(settings, rules string) *process {
	t := p.t
	t.Helper()
	p.write("pushback.yml", "listen: 127.0.0.1:0\ntoken_file: token\ntrust: {new_rules: as_written}\n"+settings)
	p.write("rules/red.yml", rules)
	p.write("token", apiToken+"\n")
	p.write("secret", secret+"\n")
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			log, _ := os.ReadFile(p.log.Name())
			t.Logf("the daemon's log:\n%s", log)
		}
	})
	return p
}

func (p *process) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// start starts the daemon and waits until it serves.
func (p *process) start() {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.binary != "" {
		path = p.binary
	}
	p.cmd = exec.Command(path, "serve", "-c", filepath.Join(p.dir, "pushback.yml"))
	if p.log, err = os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.cmd.Env = p.env
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	address := make(chan string, 1)
	p.ended = make(chan struct{})
	go p.follow(stderr, address)
	select {
	case a := <-address:
		p.url = "http://" + a
	case <-p.ended:
		p.t.Fatal("the daemon ended at once")
	case <-time.After(slack * 30 * time.Second):
		p.t.Fatal("the daemon does not serve")
	}
}

// follow stores the log and reads the address from it.
func (p *process) follow(stderr io.Reader, address chan<- string) {
	defer close(p.ended)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		fmt.Fprintln(p.log, lines.Text())
		var entry struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "serving" {
			address <- entry.Address
		}
	}
	_ = p.cmd.Wait()
}

// kill runs kill -9. It may be called again after the process has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
	_ = p.log.Close()
}

// request sends one request with the API's token and returns the status code.
func (p *process) request(method, path string, header http.Header, body []byte, answer any) int {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if header == nil {
		header = http.Header{"Authorization": {"Bearer " + apiToken}}
	}
	r.Header = header
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Error(err)
		return 0
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 == 2 && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil || response.StatusCode >= 400 {
		p.t.Logf("%s %s: %s %s %v", method, path, response.Status, text, err)
	}
	return response.StatusCode
}

// report sends an event and returns the key of its change.
func (p *process) report(service, version string, s sources.Status, at time.Time) string {
	p.t.Helper()
	return p.reportAs(service+version, service, version, s, at)
}

// reportAs is report with a change ID of its own.
func (p *process) reportAs(id, service, version string, s sources.Status, at time.Time) string {
	p.t.Helper()
	body, err := json.Marshal(sources.Event{
		EventID: id + string(s), ChangeID: id, Status: s, At: at.UTC(),
		Service: service, Environment: "production", Kind: sources.Deploy, Version: version, Previous: "v1",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	var accepted api.Accepted
	if status := p.request(http.MethodPost, "/v1/events", nil, body, &accepted); status/100 != 2 {
		p.t.Fatalf("the event of %s %s was answered with %d", service, version, status)
	}
	return accepted.Key
}

func (p *process) deploy(service, version string) string {
	p.t.Helper()
	return p.report(service, version, sources.Succeeded, time.Now())
}

func (p *process) explain(key string) (e api.Explanation) {
	p.t.Helper()
	if status := p.request(http.MethodGet, "/v1/changes/"+key, nil, nil, &e); status != http.StatusOK {
		p.t.Fatalf("asking for %s: %d", key, status)
	}
	return e
}

// await reads a change until a condition holds for it.
func (p *process) await(key, what string, within time.Duration, holds func(api.Explanation) bool) api.Explanation {
	p.t.Helper()
	var e api.Explanation
	defer func() {
		if p.t.Failed() {
			p.t.Logf("while waiting for %s: %s", what, describe(e))
		}
	}()
	await(p.t, what, within, func() bool { e = p.explain(key); return holds(e) })
	return e
}

// slack is how many times as long as on an idle machine a test waits. Tests that mostly wait run
// beside each other, and all beside other packages. How fast the daemon is, tools/load and tools/scale
// measure.
const slack = 3

// await checks a condition four times per second, because another process cannot
// notify the test. within is for an idle machine.
func await(t *testing.T, what string, within time.Duration, holds func() bool) {
	t.Helper()
	again := time.NewTicker(250 * time.Millisecond)
	defer again.Stop()
	within *= slack
	for deadline := time.Now().Add(within); !holds(); <-again.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, within)
		}
	}
}

// ended and ordered are the conditions that most tests wait for.
func ended(e api.Explanation) bool { return len(e.Watches) > 0 && !e.Watches[0].EndedAt.IsZero() }

func ordered(state string) func(api.Explanation) bool {
	return func(e api.Explanation) bool { return e.Order != nil && e.Order.State == state }
}

// describe is the state of a change and its messages, for error messages of tests.
func describe(e api.Explanation) string {
	var all []string
	for _, w := range e.Watches {
		all = append(all, fmt.Sprintf("watch %s: %s %s", w.ID, w.State, w.Reason))
	}
	if e.Order != nil {
		all = append(all, "order: "+e.Order.State+" "+e.Order.Why)
	}
	for _, m := range e.Messages {
		all = append(all, m.Receiver+": "+m.Title)
	}
	return strings.Join(all, "\n")
}
