package reliability

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pushback/pushback/sources"
)

// syncSuite runs a daemon under strace and checks call by call whether it wrote to a
// socket before the data was on disk. A kill -9 cannot show this, because the kernel
// still writes its buffers; a power cut would.
type syncSuite struct {
	World
	binary          string
	senders, events int // number of tools at once, and of events per tool
}

// traced are the system calls that matter for the order of writes, syncs and answers.
const traced = "trace=pwrite64,write,writev,sendto,fsync,fdatasync"

func (s *syncSuite) run(ctx context.Context) (Outcome, error) {
	d, err := s.daemon(s.Name, s.binary, s.senders*s.events)
	if err != nil {
		return Outcome{}, err
	}
	if _, err := exec.LookPath("strace"); err != nil {
		return Outcome{}, fmt.Errorf("this suite needs strace: apt-get install strace: %w", err)
	}
	file := filepath.Join(d.dir, "trace")
	d.prefix = []string{"strace", "-ff", "--seccomp-bpf", "-yy", "-ttt", "-T", "-s", "8192", "-e", traced, "-o", file}
	book, err := openLedger(filepath.Join(d.dir, "ledger"))
	if err != nil {
		return Outcome{}, err
	}
	tool := &driver{name: s.Name, front: d, daemon: d, shop: s.Shop, ledger: book}
	late, err := s.work(ctx, tool)
	if err != nil {
		return Outcome{}, err
	}
	calls, err := s.Receiver.callsOf(s.Name)
	if err != nil {
		return Outcome{}, err
	}
	all, err := readTrace(file)
	if err != nil {
		return Outcome{}, err
	}
	o := audit(all, d.dir, tool.all(), calls)
	o.Violations = append(o.Violations, late...)
	return o, nil
}

// work sends many events at once, waits for the rollbacks, and ends the daemon and
// strace.
func (s *syncSuite) work(ctx context.Context, tool *driver) (late []string, err error) {
	if err := tool.daemon.start(); err != nil {
		return nil, err
	}
	defer tool.daemon.stop()
	if _, err := tool.daemon.url(ctx); err != nil {
		return nil, err
	}
	tool.deploy(ctx, onceHook, true)
	tool.deploy(ctx, againHook, true)
	var all sync.WaitGroup
	for n := range s.senders {
		all.Go(func() {
			for m := range s.events {
				c := &change{service: fmt.Sprintf("%s-%s-%d", onceHook, s.Name, 3+n*s.events+m), version: "v2", previous: "v1", hook: onceHook}
				tool.add(c)
				tool.report(ctx, c, sources.Succeeded, time.Now())
			}
		})
	}
	all.Wait()
	asked := func() bool { calls, err := s.Receiver.callsOf(s.Name); return err == nil && len(calls) >= 2 }
	if !within(ctx, 20*time.Second, asked) {
		late = append(late, "two bad changes were acknowledged, and their rollbacks were not requested within 20 s")
	}
	return late, nil
}

// stop sends SIGTERM, and kills the process if it does not end.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(20 * time.Second):
		d.kill()
	}
}

// audit compares every acknowledgement and every rollback with the syncs.
func audit(all []syscallMade, dir string, changes []*change, calls []call) (o Outcome) {
	t := trace{all, filepath.Join(dir, "data", "pushback.db-wal")}
	first, acknowledged := time.Time{}, 0
	for _, c := range changes {
		if c.lastAcknowledged() == "" {
			continue
		}
		acknowledged++
		said, found := t.acknowledged(c.service + "/" + c.version)
		o.Violations = append(o.Violations, found...)
		if first.IsZero() || said.Before(first) {
			first = said
		}
	}
	for _, c := range calls {
		o.Violations = append(o.Violations, t.asked(c)...)
	}
	o.Violations = append(o.Violations, t.named(first, filepath.Join(dir, "data"), dir)...)
	o.Head = []string{"audited", "how many"}
	o.Rows = [][]string{
		{"2xx, each after the sync of its event", fmt.Sprint(acknowledged)},
		{"rollback requests, each after the sync of its claim", fmt.Sprint(len(calls))},
		{"syncs of the write-ahead log", fmt.Sprint(t.syncs())},
		{"system calls read", fmt.Sprint(len(all))},
	}
	return o
}

// trace is the system calls of a daemon, and the file with its commits.
type trace struct {
	all []syscallMade
	wal string
}

// acknowledged checks the answer to the event of a change, and returns its time.
func (t trace) acknowledged(name string) (at time.Time, violations []string) {
	said, ok := t.find(func(s syscallMade) bool { return s.sends("HTTP/1.1 20") && strings.Contains(s.data, name+`\"`) })
	if !ok {
		return at, []string{"the answer to " + name + " is not in the trace"}
	}
	return said.began, t.unsynced("2xx for "+name, said, func(page string) bool { return strings.Contains(page, name) })
}

// asked checks a rollback request.
func (t trace) asked(c call) []string {
	asked, ok := t.find(func(s syscallMade) bool {
		return s.sends("POST /") && strings.Contains(s.data, "Idempotency-Key: "+c.Key)
	})
	if !ok {
		return []string{"the rollback of " + c.Service + " is not in the trace"}
	}
	return t.unsynced("rollback of "+c.Service, asked, claims(c.Key))
}

// named checks that the names of new folders are synced to disk.
func (t trace) named(first time.Time, folders ...string) (violations []string) {
	for _, folder := range folders {
		if _, ok := t.find(func(s syscallMade) bool { return s.syncs(folder) && s.ended.Before(first) }); !ok {
			violations = append(violations, "before the first 2xx, the folder "+filepath.Base(folder)+" was not synced: its files may be lost after a power cut")
		}
	}
	return violations
}

func (t trace) syncs() (n int) {
	for _, s := range t.all {
		if s.syncs(t.wal) {
			n++
		}
	}
	return n
}

// claims reports whether a page has the order of a key in the state sending. The two
// columns are close together.
func claims(key string) func(page string) bool {
	const near = 400
	return func(page string) bool {
		for _, after := range strings.Split(page, key)[1:] {
			if strings.Contains(after[:min(near, len(after))], "sending") {
				return true
			}
		}
		return false
	}
}

// unsynced is a violation if said was written before the first page that it depends on
// was written and synced. holds recognises that page.
func (t trace) unsynced(what string, said syscallMade, holds func(page string) bool) []string {
	written, ok := t.find(func(s syscallMade) bool { return s.writes(t.wal) && holds(s.data) })
	if !ok {
		return []string{what + ": the data that it depends on was never written"}
	}
	_, ok = t.find(func(s syscallMade) bool {
		return s.syncs(t.wal) && !s.began.Before(written.ended) && !s.ended.After(said.began)
	})
	if ok {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s after the write of the data that it depends on, without a sync between", what, said.began.Sub(written.ended).Round(time.Microsecond))}
}

func (t trace) find(is func(syscallMade) bool) (syscallMade, bool) {
	for _, s := range t.all {
		if is(s) {
			return s, true
		}
	}
	return syscallMade{}, false
}
