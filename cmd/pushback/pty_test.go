package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// program is the test binary under the name by which TestMain runs the whole program.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "pushback")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}

const ptyConfig = `listen: %s
token_file: token
metrics: {files: {kind: csv, dir: recorded}}
`

const ptyRule = `team: platform
rules:
  - name: level
    watch: {service: "*"}
    settle: 0s
    bake: 10m
    every: 1s
    history: 8h
    signals: [{name: level, query: $service, min_effect: 10%, limit: 500}]
`

// seriesOf is a level that is multiplied two minutes ago.
func seriesOf(times float64) string {
	series, random, at := new(strings.Builder), rand.New(rand.NewPCG(1, 2)), time.Now().Add(-2*time.Minute)
	fmt.Fprintln(series, "timestamp,value")
	for tick := at.Add(-8 * time.Hour); tick.Before(at.Add(20 * time.Minute)); tick = tick.Add(10 * time.Second) {
		level := 100 + random.NormFloat64()
		if tick.After(at) {
			level *= times
		}
		fmt.Fprintf(series, "%d,%.3f\n", tick.Unix(), level)
	}
	return series.String()
}

// daemonFolder is a folder with what serve needs. The level of cart rose, that of shop did not.
func daemonFolder(t *testing.T, address string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"pushback.yml": fmt.Sprintf(ptyConfig, address), "token": "a-token-of-this-test\n",
		"rules/level.yml": ptyRule, "recorded/cart.csv": seriesOf(10), "recorded/shop.csv": seriesOf(1),
	} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// serve starts a daemon, waits until it answers, and returns what kills it.
func serve(t *testing.T, binary, folder, address string) (kill func()) {
	t.Helper()
	c := exec.Command(binary, "serve", "-c", filepath.Join(folder, "pushback.yml"))
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { _ = c.Process.Kill(); _ = c.Wait() }
	t.Cleanup(kill)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + address + "/healthz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return kill
			}
		}
	}
	t.Fatalf("the daemon did not answer:\n%s", log.String())
	return kill
}

// patience is how long the tests wait for something that comes at once on an idle machine.
const patience = 60 * time.Second

// display is a program in a pseudo-terminal, with what a person sees of it.
type display struct {
	t        *testing.T
	mu       sync.Mutex // of screen
	screen   *vt.Emulator
	terminal *os.File // the side of the person
	tty      *os.File // the side of the program
	before   *term.State
	cmd      *exec.Cmd
	drawn    chan struct{}
}

// show runs pushback in a pseudo-terminal of 100 by 24.
func show(t *testing.T, binary string, env []string, args ...string) *display {
	t.Helper()
	person, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = person.Close(), tty.Close() })
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(binary, args...)
	c.Env = append(os.Environ(), append(env, "TERM=xterm-256color", "LANG=C.UTF-8", "LC_ALL=", "LC_CTYPE=", "NO_COLOR=", "COLUMNS=")...)
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	d := &display{t: t, screen: vt.NewEmulator(100, 24), terminal: person, tty: tty, before: before, cmd: c, drawn: make(chan struct{}, 1)}
	go d.draw()
	go func() { _, _ = io.Copy(person, d.screen) }() // what the terminal answers when it is asked
	return d
}

// draw draws what the program writes.
func (d *display) draw() {
	buffer := make([]byte, 4096)
	for {
		n, err := d.terminal.Read(buffer)
		if err != nil {
			return
		}
		d.mu.Lock()
		_, _ = d.screen.Write(buffer[:n])
		d.mu.Unlock()
		select {
		case d.drawn <- struct{}{}:
		default:
		}
	}
}

// waitFor waits until the screen shows a text.
func (d *display) waitFor(text string) {
	d.t.Helper()
	d.wait(fmt.Sprintf("the screen shows %q", text), func() bool { return strings.Contains(d.seen(), text) })
}

// seen is what a person sees.
func (d *display) seen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.String()
}

// whole says whether the program has the whole screen.
func (d *display) whole() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.IsAltScreen()
}

// wait waits until something that is drawn is met.
func (d *display) wait(what string, met func() bool) {
	d.t.Helper()
	deadline := time.After(patience)
	for !met() {
		select {
		case <-d.drawn:
		case <-deadline:
			d.t.Fatalf("waited in vain until %s:\n%s", what, d.seen())
		}
	}
}

func (d *display) press(keys string) {
	d.t.Helper()
	if _, err := io.WriteString(d.terminal, keys); err != nil {
		d.t.Fatal(err)
	}
}

// ends waits until the program ends with an exit code and has left the terminal as it was.
func (d *display) ends(want int) {
	d.t.Helper()
	done := make(chan struct{})
	go func() { _ = d.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		_ = d.cmd.Process.Kill()
		d.t.Fatalf("the program does not end:\n%s", d.seen())
	}
	if got := d.cmd.ProcessState.ExitCode(); got != want {
		d.t.Errorf("exit code %d, want %d:\n%s", got, want, d.seen())
	}
	after, err := term.GetState(int(d.tty.Fd()))
	if err != nil || !reflect.DeepEqual(after, d.before) {
		d.t.Errorf("the terminal was %+v and is %+v, %v", d.before, after, err)
	}
	d.wait("the alternate screen is left", func() bool { return !d.whole() })
}
