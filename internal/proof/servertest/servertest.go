// Package servertest runs real servers for integration tests: it starts a
// program on a free loopback port, waits until it answers, and stops it when
// the test ends. A fake server could share a mistake of the code under test.
//
// It also runs R, as an independent implementation of statistics.
//
// The programs come from the system (Debian: apt-get install prometheus
// prometheus-alertmanager victoria-metrics postgresql r-base-core). One that is missing
// fails the test with what to install. Such a test is not skipped, because nobody
// would notice.
package servertest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startTime = 30 * time.Second // to answer
	stopTime  = 10 * time.Second // to end on its own
	attempts  = 3                // another process may take the free port first

	firstPort, ports = 12000, 20000
)

// Server is a running program.
type Server struct {
	URL  string // http://127.0.0.1:port, or a data source name for PostgreSQL
	stop func()
}

// Stop ends the server before the test does. It returns when it has ended.
func (s *Server) Stop() { s.stop() }

// program is how to run a program that listens on a port.
type program struct {
	names   []string // the first that is installed
	install string   // Debian's package
	args    func(port string) []string
	env     func(port string) []string // beside our own; nil: none
	account *syscall.SysProcAttr       // nil: our own
	signal  os.Signal                  // asks it to end
	ready   func(ctx context.Context, port string) error
	within  time.Duration // to be ready; 0: startTime
}

// Process is a server of which a test says all: how it is run, on which ports, and when it is ready.
type Process struct {
	Name    string // a name in PATH, or a path
	Install string // what to do if there is none
	Args    []string
	Signal  os.Signal // asks it to end
	Ready   func(ctx context.Context) error
	Within  time.Duration // to be ready
}

// StartProcess starts a process and waits until it is ready. The caller stops it.
func StartProcess(p Process) (stop func(), err error) {
	one := program{
		names: []string{p.Name}, install: p.Install, signal: p.Signal, within: p.Within,
		args: func(string) []string { return p.Args }, ready: func(ctx context.Context, _ string) error { return p.Ready(ctx) },
	}
	path, err := one.find()
	if err != nil {
		return nil, err
	}
	return one.run(path, "")
}

// start runs p and returns its port.
func (p program) start(t testing.TB) (port string, stop func()) {
	t.Helper()
	port, stop, err := p.launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return port, stop
}

// launch is start without a test.
func (p program) launch() (port string, stop func(), err error) {
	path, err := p.find()
	if err != nil {
		return "", nil, err
	}
	for range attempts {
		if port, err = FreePort(); err != nil {
			return "", nil, err
		}
		if stop, err = p.run(path, port); err == nil {
			return port, stop, nil
		}
	}
	return "", nil, fmt.Errorf("starting %s: %w", p.names[0], err)
}

func (p program) find() (string, error) {
	for _, name := range p.names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("this needs %s: apt-get install %s", p.names[0], p.install)
}

// run starts the program and waits until it answers or ends.
func (p program) run(path, port string) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, path, p.args(port)...)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = p.account
	if p.env != nil {
		cmd.Env = append(os.Environ(), p.env(port)...)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(p.signal) }
	cmd.WaitDelay = stopTime // then it is killed
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = func() { cancel(); <-ended }
	if err := p.await(port, ended); err != nil {
		stop()
		return nil, fmt.Errorf("%w\n%s", err, output.String())
	}
	return stop, nil
}

// await waits until the program is ready.
func (p program) await(port string, ended <-chan struct{}) error {
	within := cmp.Or(p.within, startTime)
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := p.ready(ctx, port)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("it was not ready within %s: %w", within, err)
		case <-again.C:
		}
	}
}

// answers200 is ready when path answers 200.
func answers200(path string) func(context.Context, string) error {
	return func(ctx context.Context, port string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+path, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", path, response.Status)
		}
		return nil
	}
}

// FreePort is a port on which nothing listens. It lies below the ports that the kernel
// gives to whoever asks for any port (on Linux from 32768; ip(7), ip_local_port_range).
// Otherwise an HTTP server of the same test could get it before the program listens, and
// answer in its place.
func FreePort() (port string, err error) {
	for range 100 {
		port = strconv.Itoa(firstPort + rand.IntN(ports))
		l, failed := net.Listen("tcp", "127.0.0.1:"+port)
		if failed == nil {
			return port, l.Close()
		}
		err = failed
	}
	return "", fmt.Errorf("no free port: %w", err)
}

// write writes lines to a new file of the test and returns its path.
func write(t testing.TB, name string, lines ...string) string {
	t.Helper()
	path := t.TempDir() + "/" + name
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
