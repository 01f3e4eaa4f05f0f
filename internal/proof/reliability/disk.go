package reliability

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// fault is a way in which a disk fails.
//
// See adr/0052.
type fault struct {
	name, what string
	mount      bool // the data folder is a separate small file system
	begin      func(d *daemon) (end func() error, err error)
}

func diskFaults() []fault {
	return []fault{
		{"full", "the file system is full to the last byte", true, fill},
		{"enospc", "every write gives ENOSPC", false, inject("pwrite64:error=ENOSPC")},
		{"eiowrite", "every write gives EIO", false, inject("pwrite64:error=EIO")},
		{"eiosync", "every sync gives EIO", false, inject("fsync,fdatasync:error=EIO")},
	}
}

// diskSuite makes the disk of a daemon fail twice: while changes go bad, and while a
// hook is being called, so that its outcome cannot be stored.
type diskSuite struct {
	World
	binary   string
	faults   []fault
	lasts    time.Duration
	patience time.Duration // for the daemon to recover once the disk works
}

// smallDisk is the size in bytes of the file system that is filled.
const smallDisk = 16 << 20

// diskResult is what happened under one fault.
type diskResult struct {
	refused, taken int // events during the fault
	calls          int // of hooks during the fault
	back           time.Duration
	interrupted    string // final state of the order whose hook answered during the fault
}

func (s *diskSuite) run(ctx context.Context) (Outcome, error) {
	var all sync.WaitGroup
	rows, violations, errs := make([][]string, len(s.faults)), make([][]string, len(s.faults)), make([]error, len(s.faults))
	for i, f := range s.faults {
		all.Go(func() {
			seen, found, err := s.runFault(ctx, f)
			rows[i] = []string{f.what, fmt.Sprint(seen.refused), fmt.Sprint(seen.taken), fmt.Sprint(seen.calls), seen.back.Round(100 * time.Millisecond).String(), seen.interrupted}
			violations[i], errs[i] = prefixed(f.name, found), err
		})
	}
	all.Wait()
	return Outcome{
		Head:       []string{"the disk", "events refused", "events accepted, all stored", "hook calls meanwhile", "accepted again after", "order whose hook answered meanwhile"},
		Rows:       rows,
		Violations: slices.Concat(violations...),
	}, errors.Join(errs...)
}

// diskTrial is one daemon under one fault.
type diskTrial struct {
	*driver
	fault    fault
	receiver *receiver
	lasts    time.Duration
	patience time.Duration
	result   diskResult
	from, to time.Time
}

func (s *diskSuite) runFault(ctx context.Context, f fault) (diskResult, []string, error) {
	name := s.Name + f.name
	d, err := s.daemon(name, s.binary, 500)
	if err != nil {
		return diskResult{}, nil, err
	}
	if f.mount {
		unmount, err := mountSmall(filepath.Join(d.dir, "data"))
		if err != nil {
			return diskResult{}, nil, err
		}
		defer unmount()
	}
	book, err := openLedger(filepath.Join(d.dir, "ledger"))
	if err != nil {
		return diskResult{}, nil, err
	}
	t := &diskTrial{
		driver: &driver{name: name, front: d, daemon: d, shop: s.Shop, ledger: book}, fault: f, receiver: s.Receiver,
		lasts: s.lasts, patience: s.patience,
	}
	if err := d.start(); err != nil {
		return t.result, nil, err
	}
	defer d.kill()
	found, err := t.play(ctx)
	return t.result, append(found, t.broken...), err
}

// play runs the fault and returns the violations.
func (t *diskTrial) play(ctx context.Context) (violations []string, err error) {
	if _, err := t.daemon.url(ctx); err != nil {
		return nil, err
	}
	once, again := t.prepare(ctx, onceHook), t.prepare(ctx, againHook)
	end, err := t.fault.begin(t.daemon)
	if err != nil {
		return nil, err
	}
	t.from = time.Now()
	t.shop.setBad(once.service, t.from)
	t.shop.setBad(again.service, t.from)
	t.sendEvents(ctx)
	t.to = time.Now()
	if err := end(); err != nil {
		return nil, err
	}
	if t.result.refused == 0 {
		violations = append(violations, "no event was refused while nothing could be written")
	}
	violations = append(violations, t.recovers(ctx)...)
	violations = append(violations, t.interrupt(ctx)...)
	late, err := t.afterKill(ctx)
	return append(violations, late...), err
}

// prepare reports a change whose service goes bad when the fault begins.
func (t *diskTrial) prepare(ctx context.Context, hook string) *change {
	c := &change{service: t.service(hook), version: "v2", previous: "v1", hook: hook}
	t.add(c)
	t.report(ctx, c, sources.Succeeded, time.Now().Add(-2*time.Second))
	c.bad = true
	return c
}

// sendEvents sends events while the fault lasts.
func (t *diskTrial) sendEvents(ctx context.Context) {
	for until := time.Now().Add(t.lasts); time.Now().Before(until) && ctx.Err() == nil; pause(ctx, 200*time.Millisecond) {
		c := &change{service: t.service(onceHook), version: "v2", previous: "v1", hook: onceHook}
		t.add(c)
		t.report(ctx, c, sources.Succeeded, time.Now())
		if c.lastAcknowledged() == "" {
			t.result.refused++
		} else {
			t.result.taken++
		}
	}
}

// recovers waits until events are accepted again and both bad changes are rolled back,
// without a restart.
func (t *diskTrial) recovers(ctx context.Context) (violations []string) {
	if t.daemon.died() {
		return []string{"the daemon has ended during the fault"}
	}
	taken := within(ctx, t.patience, func() bool {
		c := &change{service: t.service(onceHook), version: "v2", previous: "v1", hook: onceHook}
		t.add(c)
		t.report(ctx, c, sources.Succeeded, time.Now())
		return c.lastAcknowledged() != ""
	})
	t.result.back = time.Since(t.to)
	if !taken {
		violations = append(violations, fmt.Sprintf("no event is accepted %s after the end of the fault", t.patience))
	}
	for _, c := range t.all()[:2] {
		if !within(ctx, t.patience, func() bool { e, ok := t.explain(ctx, c); return ok && finished(e) && e.Order != nil }) {
			e, _ := t.explain(ctx, c)
			violations = append(violations, fmt.Sprintf("%s is bad and was not rolled back %s after the end of the fault: %s", c.service, t.patience, describe(e)))
		}
	}
	return violations
}

// interrupt makes the disk fail during a call of a hook that must not be called twice.
// The hook answers that it is done. The daemon cannot store this answer until the disk
// works again.
func (t *diskTrial) interrupt(ctx context.Context) (violations []string) {
	failing := make(chan func() error, 1)
	var called atomic.Bool
	t.receiver.onCall(t.name, func(c call) int {
		if c.To == onceHook && called.CompareAndSwap(false, true) {
			end, err := t.fault.begin(t.daemon)
			t.note(err)
			failing <- end
		}
		return http.StatusNoContent
	})
	t.deploy(ctx, onceHook, true)
	c := t.all()[len(t.all())-1]
	select {
	case end := <-failing:
		pause(ctx, 4*time.Second)
		if end != nil {
			t.note(end())
		}
	case <-time.After(t.patience):
		return []string{c.service + " is bad and was not rolled back"}
	}
	var e api.Explanation
	ended := within(ctx, t.patience, func() bool { e, _ = t.explain(ctx, c); return finished(e) && e.Order != nil })
	if e.Order != nil {
		t.result.interrupted = e.Order.State
	}
	if !ended || t.result.interrupted != string(rollback.Done) {
		violations = append(violations, fmt.Sprintf("the hook of %s answered that it was done, and the order is %q", c.service, t.result.interrupted))
	}
	return violations
}

// afterKill kills the daemon, starts it again, and checks the invariants.
func (t *diskTrial) afterKill(ctx context.Context) (violations []string, err error) {
	t.daemon.kill()
	if err := t.daemon.start(); err != nil {
		return nil, err
	}
	l := &lane{driver: driver{name: t.name, front: t.daemon, daemon: t.daemon, shop: t.shop, ledger: t.ledger, changes: t.all()}, receiver: t.receiver, patience: t.patience, say: func(string, ...any) {}}
	violations, err = l.verify(ctx)
	if err != nil {
		return nil, err
	}
	calls, err := t.receiver.callsOf(t.name)
	for _, c := range calls {
		if c.At.After(t.from) && c.At.Before(t.to) {
			t.result.calls++
		}
	}
	return violations, err
}

func (d *driver) explain(ctx context.Context, c *change) (e api.Explanation, ok bool) {
	_, err := d.daemon.ask(ctx, http.MethodGet, "/v1/changes/"+c.key, nil, &e)
	return e, err == nil
}

// mountSmall mounts a small file system.
func mountSmall(dir string) (unmount func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d", smallDisk)); err != nil {
		return nil, fmt.Errorf("a small file system that can be filled must be mounted; run as root, or under `unshare --map-root-user --mount`: %w", err)
	}
	return func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }, nil
}

// fill writes until no byte is free.
func fill(d *daemon) (func() error, error) {
	path := filepath.Join(d.dir, "data", "filler")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return nil, err
		}
	}
	return func() error { return os.Remove(path) }, nil
}

// inject makes strace fail system calls on the database.
func inject(what string) func(d *daemon) (func() error, error) {
	return func(d *daemon) (func() error, error) {
		data := filepath.Join(d.dir, "data", "pushback.db")
		c := exec.Command("strace", "-f", "-p", fmt.Sprint(d.cmd.Process.Pid), "-o", "/dev/null",
			"-P", data, "-P", data+"-wal", "-e", "trace=pwrite64,fsync,fdatasync", "-e", "inject="+what)
		said, err := c.StderrPipe()
		if err != nil {
			return nil, err
		}
		if err := c.Start(); err != nil {
			return nil, fmt.Errorf("this suite needs strace: %w", err)
		}
		go func() { _, _ = io.Copy(io.Discard, said) }()
		if !within(context.Background(), 10*time.Second, func() bool { return tracedBy(d.cmd.Process.Pid, c.Process.Pid) }) {
			return nil, errors.New("strace may not trace the daemon: run as root, or under `unshare --map-root-user --mount`")
		}
		return func() error {
			_ = c.Process.Signal(syscall.SIGINT)
			_ = c.Wait() // the error says that it was interrupted
			return nil
		}, nil
	}
}

// tracedBy reports whether every thread of a process is traced.
func tracedBy(pid, tracer int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err == nil && !strings.Contains(string(text), fmt.Sprintf("TracerPid:\t%d\n", tracer)) {
			return false
		}
	}
	return true
}
