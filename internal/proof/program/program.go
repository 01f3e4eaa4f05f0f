package program

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// Secret signs events and hooks.
	Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	token  = "correct-horse-battery-staple"

	startLimit = 60 * time.Second
)

// Settings are the lines of pushback.yml that every measurement needs. Its files are written by
// New.
const Settings = `listen: 127.0.0.1:0
token_file: token
store: {url_file: store}
`

// Options are where and how the program runs.
type Options struct {
	Binary   string            // the built program
	Dir      string            // its folder
	Database string            // its URL; "": a SQLite file in Dir
	Files    map[string]string // to write into Dir, pushback.yml among them
}

// Program is `pushback serve` with its folder. It can be started and killed any number of times;
// the folder stays.
type Program struct {
	Options
	Address string // host and port; empty until it serves
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has ended
}

// New writes the program's folder.
func New(o Options) (*Program, error) {
	p := &Program{Options: o}
	files := map[string]string{"token": token + "\n", "secret": Secret + "\n", "store": p.DatabaseURL() + "\n"}
	for name, text := range o.Files {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(o.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// DatabaseURL is where the program keeps its state.
func (p *Program) DatabaseURL() string {
	if p.Database != "" {
		return p.Database
	}
	return "sqlite:" + filepath.Join(p.Dir, "pushback.db")
}

// Dialect names the database.
func (p *Program) Dialect() string {
	if p.Database != "" {
		return "PostgreSQL"
	}
	return "SQLite"
}

// Log is the file of the program's log, over all starts.
func (p *Program) Log() string { return filepath.Join(p.Dir, "log") }

// Start runs the process and waits until it serves.
func (p *Program) Start(ctx context.Context) error {
	p.Address = ""
	p.cmd = exec.CommandContext(ctx, p.Binary, "serve", "-c", filepath.Join(p.Dir, "pushback.yml"))
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(p.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	served := make(chan string, 1)
	p.ended = make(chan struct{})
	go p.follow(stderr, log, served)
	return p.await(ctx, served)
}

// follow keeps the log, and finds the address in it.
func (p *Program) follow(stderr io.Reader, log io.WriteCloser, served chan<- string) {
	defer close(p.ended)
	defer log.Close()
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fmt.Fprintln(log, lines.Text())
		var entry struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "serving" {
			served <- entry.Address
		}
	}
	_ = p.cmd.Wait()
}

func (p *Program) await(ctx context.Context, served <-chan string) error {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	select {
	case p.Address = <-served:
		return nil
	case <-p.ended:
	case <-limit.C:
	case <-ctx.Done():
	}
	p.Kill()
	return fmt.Errorf("the program does not serve: see %s", p.Log())
}

// Kill ends the process with SIGKILL. It may be called again, and before Start.
func (p *Program) Kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Get asks the program's API. into is nil, or what the JSON is decoded into.
func (p *Program) Get(ctx context.Context, path string, into any) error {
	body, err := p.read(ctx, path)
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (p *Program) read(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Address+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("GET %s: %s: %.200s", path, response.Status, body)
	}
	return body, err
}

// SignIn signs a browser in and returns its cookie, as the header of a request has it.
func (p *Program) SignIn(ctx context.Context) (cookie string, err error) {
	form := url.Values{"token": {token}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.Address+"/signin", strings.NewReader(form))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	cookie, _, _ = strings.Cut(answer.Header.Get("Set-Cookie"), ";")
	if cookie == "" {
		err = fmt.Errorf("signing in: %s without a cookie", answer.Status)
	}
	return cookie, err
}

// AwaitReady waits until the program says that it is ready, and returns how long that took.
func (p *Program) AwaitReady(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		err := p.Get(ctx, "/readyz", nil)
		if err == nil {
			return time.Since(began), nil
		}
		select {
		case <-ctx.Done():
			return 0, err
		case <-again.C:
		}
	}
}

// Signal sends the process a signal.
func (p *Program) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }
