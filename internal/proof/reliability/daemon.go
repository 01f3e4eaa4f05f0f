package reliability

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	apiToken   = "correct-horse-battery-staple"
	secret     = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	startLimit = 30 * time.Second // until it serves, on a busy machine
	askLimit   = 30 * time.Second // for one request
	stopLimit  = 20 * time.Second // to end when asked
)

// daemon is `pushback serve` with its folder. It can be started and killed any number
// of times; the folder stays.
type daemon struct {
	name   string
	dir    string
	binary string
	prefix []string // a command that runs it, such as strace

	cmd    *exec.Cmd
	served chan string   // its address, once it serves
	ended  chan struct{} // closed when the process has ended
}

// common is the configuration of every daemon. It raises the limit of the fleet guard,
// because many services go bad at once here. That guard has other tests.
const common = `listen: 127.0.0.1:0
token_file: token
trust: {new_rules: as_written}
guards: {fleet: {watches: 10000}}
`

// newDaemon writes the folder. settings is pushback.yml without common.
func newDaemon(name, dir, binary, settings, rules string) (*daemon, error) {
	files := map[string]string{
		"pushback.yml":  common + settings,
		"rules/red.yml": rules, "token": apiToken + "\n", "secret": secret + "\n",
	}
	for file, text := range files {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("creating the folder of %s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("writing the folder of %s: %w", name, err)
		}
	}
	return &daemon{name: name, dir: dir, binary: binary}, nil
}

// start starts the process and does not wait until it serves.
func (d *daemon) start(env ...string) error {
	args := slices.Concat(d.prefix, []string{d.binary, "serve", "-c", filepath.Join(d.dir, "pushback.yml")})
	d.cmd = exec.Command(args[0], args[1:]...)
	d.cmd.Env = append(os.Environ(), env...)
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", d.name, err)
	}
	log, err := os.OpenFile(d.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("starting %s: %w", d.name, err)
	}
	if err := d.cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("starting %s: %w", d.name, err), log.Close())
	}
	d.served, d.ended = make(chan string, 1), make(chan struct{})
	go follow(d.cmd, stderr, log, d.served, d.ended)
	return nil
}

func (d *daemon) logFile() string { return filepath.Join(d.dir, "log") }

// follow stores the log and reads the address from it.
func follow(cmd *exec.Cmd, stderr io.Reader, log io.WriteCloser, served chan<- string, ended chan<- struct{}) {
	defer close(ended)
	defer log.Close()
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fmt.Fprintln(log, lines.Text())
		var entry struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "serving" {
			served <- "http://" + entry.Address
		}
	}
	_ = cmd.Wait()
}

// errEnded says that the process ended before it served.
var errEnded = errors.New("the daemon has ended")

// url waits until the daemon serves.
func (d *daemon) url(ctx context.Context) (string, error) {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	select {
	case u := <-d.served:
		d.served <- u // for the next call
		return u, nil
	case <-d.ended:
		return "", errEnded
	case <-ctx.Done():
		return "", ctx.Err()
	case <-limit.C:
		return "", fmt.Errorf("%s does not serve within %s: see %s", d.name, startLimit, d.logFile())
	}
}

// kill runs kill -9. It may be called again after the process has ended.
func (d *daemon) kill() {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Kill()
	<-d.ended
}

// freeze stops the process as it is, until thaw.
func (d *daemon) freeze() { _ = d.cmd.Process.Signal(syscall.SIGSTOP) }

func (d *daemon) thaw() { _ = d.cmd.Process.Signal(syscall.SIGCONT) }

// isFrozen reports whether the process is stopped.
func (d *daemon) isFrozen() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	return err == nil && strings.HasPrefix(after, "T")
}

// killed reports whether SIGKILL ended the process: from kill, or from itself at a
// crash point.
func (d *daemon) killed() bool {
	<-d.ended
	status, ok := d.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// died reports whether the process has ended.
func (d *daemon) died() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

// ask sends one request with the API's token. The status is 0 without a complete
// answer.
func (d *daemon) ask(ctx context.Context, method, path string, body, into any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	base, err := d.url(ctx)
	if err != nil {
		return 0, err
	}
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return 0, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, &sent)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+apiToken)
	r.Header.Set("Content-Type", "application/json")
	return answered(r, into)
}

// client reuses no connections, because each process has its own port.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func answered(r *http.Request, into any) (status int, err error) {
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode/100 != 2 {
		return response.StatusCode, fmt.Errorf("%s %s: %s: %s", r.Method, r.URL.Path, response.Status, text)
	}
	if into == nil {
		return response.StatusCode, nil
	}
	return response.StatusCode, json.Unmarshal(text, into)
}
