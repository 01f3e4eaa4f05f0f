package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// secret signs the events, without the prefix whsec_.
const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

const startLimit = 30 * time.Second

// settings is pushback.yml. Its rules watch the services whose names begin with watched-.
const settings = `listen: 127.0.0.1:0
token_file: token
store: {url_file: store}
metrics: {prod: {kind: prometheus, url: %q, resolution: 15s}}
sources: {load: {kind: generic, secret_files: [secret]}}
receivers: {chat: {kind: webhook, url: %q, secret_file: secret}}
services: {default: {chat: chat}}
`

const watchedRules = `team: shop
rules:
  - name: red
    watch: {service: "watched-*", environment: production}
    settle: 15s
    bake: 5m
    every: 15s
    history: 1h
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', min_effect: 1 points, min_events: 20, limit: 20%}
    respond: [{at_least: likely, tell: chat}]
`

// program is the built program, running.
type program struct {
	cmd     *exec.Cmd
	address string
	log     string
	dialect string
}

// start writes the program's folder and runs it until it serves.
func start(ctx context.Context, o Options, metrics string) (*program, error) {
	database, dialect := o.Database, "PostgreSQL"
	if database == "" {
		database, dialect = "sqlite:"+filepath.Join(o.Dir, "pushback.db"), "SQLite"
	}
	for file, text := range map[string]string{
		"pushback.yml": fmt.Sprintf(settings, metrics, metrics), "rules/red.yml": watchedRules,
		"token": "correct-horse-battery-staple\n", "secret": "whsec_" + secret + "\n", "store": database + "\n",
	} {
		path := filepath.Join(o.Dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	p := &program{cmd: exec.CommandContext(ctx, o.Binary, "serve", "-c", filepath.Join(o.Dir, "pushback.yml")), log: filepath.Join(o.Dir, "log"), dialect: dialect}
	return p, p.run(ctx)
}

// run starts the process, keeps its log, and waits for the address in it.
func (p *program) run(ctx context.Context) error {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return err
	}
	log, err := os.Create(p.log)
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	served := make(chan string, 1)
	go func() {
		defer log.Close()
		defer close(served)
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			fmt.Fprintln(log, lines.Text())
			var entry struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "serving" {
				served <- entry.Address
			}
		}
	}()
	select {
	case p.address = <-served:
	case <-time.After(startLimit):
	case <-ctx.Done():
	}
	if p.address == "" {
		p.stop()
		return fmt.Errorf("the program does not serve: see %s", p.log)
	}
	return nil
}

// stop ends the process.
func (p *program) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// used is the most memory that the process had, and the time that it has computed.
func (p *program) used() (memory int64, cpu time.Duration) {
	of := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	status, err := os.ReadFile(of + "status")
	if found := peak.FindSubmatch(status); err == nil && found != nil {
		memory, _ = strconv.ParseInt(string(found[1]), 10, 64)
		memory *= 1024
	}
	stat, err := os.ReadFile(of + "stat")
	fields := strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:]))
	if err != nil || len(fields) < 13 {
		return memory, 0
	}
	const perSecond = 100 // the kernel's USER_HZ
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return memory, time.Duration(user+system) * time.Second / perSecond
}

// machine is how many processors there are, and how many programs wanted one before the
// measurement.
func machine() string {
	average, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return fmt.Sprintf("%d cores", runtime.NumCPU())
	}
	return fmt.Sprintf("%d cores, load %s", runtime.NumCPU(), strings.Fields(string(average))[0])
}
